// Builds the page's application (src/page-app/) for browsers, and hands it to the program as the virtual module `page-files`: a file's compressed
// content is text in the bundle, and is decoded when it is asked for first, so that a server that shows no page pays only for reading it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { esbuildYaml } from './yaml-modules.js';

const app = join(import.meta.dirname, '../src/page-app');

const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

let built;

/** One build for all that ask. */
function buildPage() {
  built ??= build({
    // Relative: names of outputs depend on it.
    entryPoints: { page: 'src/page-app/main.tsx', style: 'src/page-app/page.css' },
    absWorkingDir: join(import.meta.dirname, '..'),
    outdir: 'page',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    preserveSymlinks: true,
    platform: 'browser',
    format: 'esm',
    // What Chrome 110, Firefox 115 and Safari 16.4 can run.
    target: ['es2022'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    plugins: [esbuildYaml],
    inject: ['src/page-app/try/buffer.ts'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  return built;
}

/** What of others is in the application (tools/sbom.js). */
export async function pageMetafile() {
  return (await buildPage()).metafile;
}

/** The files by name: `{ name, type, content }`. */
export async function readPageFiles() {
  const { outputFiles } = await buildPage();
  const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), content: Buffer.from(contents) }));
  const icon = readFileSync(join(app, 'icon.svg'));
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  const named = (pattern) => files.find(({ name }) => pattern.test(name))?.name;
  const index = readFileSync(join(app, 'index.html'), 'utf8')
    .replace('page.css', named(/^style-.*\.css$/))
    .replace('main.tsx', named(/^page-.*\.js$/))
    .replace('icon.svg', iconName);
  return [{ name: 'index.html', content: Buffer.from(index) }, { name: iconName, content: icon }, ...files].map(
    (one) => ({
      ...one,
      type: TYPES[one.name.slice(one.name.lastIndexOf('.') + 1)],
    }),
  );
}

/** The source of the virtual module. */
async function moduleText() {
  const rows = (await readPageFiles()).map(({ name, type, content }) => [
    name,
    type,
    // Without a time and a name: the same bytes from the same sources.
    gzipSync(content, { level: 9 }).toString('base64'),
  ]);
  return `const file = (type, text) => {
  let gzip;
  return { type, get gzip() { return (gzip ??= Buffer.from(text, 'base64')); } };
};
export const pageFiles = new Map(${JSON.stringify(rows)}.map(([name, type, text]) => [name, file(type, text)]));
`;
}

/** For esbuild. */
export const esbuildPageFiles = {
  name: 'page-files',
  setup(building) {
    building.onResolve({ filter: /^page-files$/ }, ({ path }) => ({ path, namespace: 'page-files' }));
    building.onLoad({ filter: /.*/, namespace: 'page-files' }, async () => ({ contents: await moduleText() }));
  },
};

/** For vite (vitest). */
export const vitePageFiles = {
  name: 'page-files',
  enforce: 'pre',
  resolveId: (id) => (id === 'page-files' ? '\0page-files.mjs' : undefined),
  load: (id) => (id === '\0page-files.mjs' ? moduleText() : undefined),
};
