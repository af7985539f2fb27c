/** A file of the application, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly gzip: Buffer;
}

/** By name, below the base of the page. */
export type PageFiles = ReadonlyMap<string, PageFile>;
