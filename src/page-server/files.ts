import type { PageFiles } from './page-files.ts';

/** The files of the application, which the build has compressed. Loaded on demand: no other command needs them. */
export async function loadPageFiles(): Promise<PageFiles> {
  const { pageFiles } = await import('page-files');
  return pageFiles;
}
