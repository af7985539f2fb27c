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

/** The files of the page's application by name, with content hashes in all names but `index.html`: made at build time (tools/page-files.js). */
declare module 'page-files' {
  export interface PageFile {
    readonly type: string;
    /** Decoded when it is asked for. */
    readonly gzip: Buffer;
  }
  export const pageFiles: ReadonlyMap<string, PageFile>;
}
