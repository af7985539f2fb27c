// `npm run bench`: builds the product and the bench (esbuild), then runs the bench. Node 20 does not read TypeScript by itself.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { esbuildYaml } from '../../tools/yaml-modules.js';

const root = join(import.meta.dirname, '../..');
const built = join(root, '.bench');

// A module that looks for a file beside its source finds it there, not beside the bundle.
const whereItStands = {
  name: 'where-it-stands',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
    }));
  },
};

execFileSync(process.execPath, ['build.mjs'], { cwd: root, stdio: 'inherit' });
const source = (name) => join(root, `test/bench/${name}.ts`);
const options = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  sourcemap: 'inline',
  platform: 'node',
  target: 'node20.20',
  format: 'esm',
  plugins: [esbuildYaml, whereItStands],
  define: { VERSION: JSON.stringify('bench') },
  logLevel: 'warning',
};
await build({
  ...options,
  entryPoints: ['main', 'generator', 'floor-raw', 'floor-fastify'].map(source),
  outdir: built,
  // As users of Fastify run it: out of node_modules.
  packages: 'external',
});
// As the product is built, for its cold start.
await build({
  ...options,
  entryPoints: [source('floor-fastify')],
  outdir: join(built, 'bundled'),
  minify: true,
  sourcemap: false,
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
});

const bench = spawn(process.execPath, ['--enable-source-maps', join(built, 'main.mjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// Ctrl-C reaches both; the bench ends its servers, and we wait for it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => bench.kill('SIGTERM'));
bench.on('exit', (code) => process.exit(code ?? 1));
