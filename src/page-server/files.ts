import { gzipSync } from 'node:zlib';
import type { PageFiles } from './page-files.ts';

const INDEX = `<!doctype html><html lang="en"><meta charset="utf-8"><title>agent-injector</title>
<p>The application of the page is not part of this build. Its data: <a href="api/overview">api/overview</a></p></html>`;

/** The files of the application. */
export function loadPageFiles(): Promise<PageFiles> {
  return Promise.resolve(new Map([['index.html', { type: 'text/html; charset=utf-8', gzip: gzipSync(INDEX) }]]));
}
