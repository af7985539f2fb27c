/** YAML files are data: parsed at build time (tools/yaml-modules.js), validated where they are used. */
declare module '*.yaml' {
  const data: unknown;
  export default data;
}

/** The built-in catalogue in the format of profile-sources/builtin-snapshot.ts, made at build time (tools/yaml-modules.js). */
declare module '*.catalogue' {
  const text: string;
  export default text;
}

/** The version in package.json, put in at build time. */
declare const VERSION: string;
