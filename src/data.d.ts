/** YAML files are data: parsed at build time (tools/yaml-modules.js), validated where they are used. */
declare module '*.yaml' {
  const data: unknown;
  export default data;
}

/** The version in package.json, put in at build time. */
declare const VERSION: string;
