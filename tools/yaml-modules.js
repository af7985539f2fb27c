// Plugins that turn the YAML of the agents into data at build time, so that a server parses nothing at start.
// `import documents from './*.yaml'` imports all YAML files of a folder, sorted by name: a new agent is a new file, without an index to edit.
// `import text from './builtin.catalogue'` imports the catalogue of these documents, parsed by the server's own code.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const files = (path) =>
  path.endsWith('/*.yaml')
    ? readdirSync(dirname(path))
        .filter((name) => name.endsWith('.yaml'))
        .toSorted()
        .map((name) => join(dirname(path), name))
    : [path];

/** Bundles a module of src/ in memory, and imports it. */
const load = async (entry, plugins = []) => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    plugins,
    // The package yaml calls require() for modules of Node.js.
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr('/');" },
    logLevel: 'warning',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
};

let reader;

const content = async (path) => {
  reader ??= load(fileURLToPath(new URL('../src/manifests/yaml.ts', import.meta.url)));
  const { readSingle } = await reader;
  const values = files(path).map((file) => {
    const read = readSingle(readFileSync(file, 'utf8'));
    if (read.ok) return read.value;
    throw new Error(read.error.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'));
  });
  return JSON.stringify(path.endsWith('/*.yaml') ? values : values[0]);
};

// Relative paths, because the bundle contains them: it does not depend on the location of the project.
const fromHere = ({ resolveDir, path }) => relative('.', resolve(resolveDir, path));

const documents = {
  name: 'yaml-documents',
  setup(building) {
    building.onResolve({ filter: /\.yaml$/ }, (args) => ({
      path: fromHere(args),
      namespace: 'yaml',
    }));
    building.onLoad({ filter: /.*/, namespace: 'yaml' }, async (args) => ({
      contents: await content(args.path),
      loader: 'json',
      watchFiles: files(args.path),
    }));
  },
};

const frozen = async (folder) => (await load(join(folder, 'build-snapshot.ts'), [documents])).frozen;

/** For esbuild: YAML modules become JSON in the bundle. */
export const esbuildYaml = {
  name: 'yaml-modules',
  setup(building) {
    documents.setup(building);
    building.onResolve({ filter: /\.catalogue$/ }, (args) => ({
      path: fromHere(args),
      namespace: 'catalogue',
    }));
    building.onLoad({ filter: /.*/, namespace: 'catalogue' }, async (args) => ({
      contents: await frozen(dirname(args.path)),
      loader: 'text',
    }));
  },
};

/** For vite (vitest). */
export const viteYaml = {
  name: 'yaml-modules',
  enforce: 'pre',
  resolveId(id, importer) {
    const isOurs = /\.(yaml|catalogue)$/.test(id) && importer;
    return isOurs ? `\0yaml:${resolve(dirname(importer), id)}.mjs` : undefined;
  },
  async load(id) {
    if (!id.startsWith('\0yaml:')) return undefined;
    const path = id.slice(6, -4);
    const text = path.endsWith('.catalogue') ? JSON.stringify(await frozen(dirname(path))) : await content(path);
    return `export default ${text}`;
  },
};
