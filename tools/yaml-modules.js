// Agents are YAML; the bundle and the tests import them as data, so that nothing is parsed at start-up.
// `import documents from './*.yaml'` gives every YAML file of that folder, sorted by name: a new agent is a new file, no index to edit.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

const files = (path) =>
  path.endsWith('/*.yaml')
    ? readdirSync(dirname(path))
        .filter((name) => name.endsWith('.yaml'))
        .toSorted()
        .map((name) => join(dirname(path), name))
    : [path];

const content = (path) => {
  const values = files(path).map((file) => parse(readFileSync(file, 'utf8')));
  return JSON.stringify(path.endsWith('/*.yaml') ? values : values[0]);
};

/** esbuild: YAML modules become JSON text inside the bundle. */
export const esbuildYaml = {
  name: 'yaml-modules',
  setup(build) {
    build.onResolve({ filter: /\.yaml$/ }, (args) => ({
      path: resolve(args.resolveDir, args.path),
      namespace: 'yaml',
    }));
    build.onLoad({ filter: /.*/, namespace: 'yaml' }, (args) => ({
      contents: content(args.path),
      loader: 'json',
      watchFiles: files(args.path),
    }));
  },
};

/** vite (vitest): the same modules. */
export const viteYaml = {
  name: 'yaml-modules',
  enforce: 'pre',
  resolveId(id, importer) {
    return id.endsWith('.yaml') && importer ? `\0yaml:${resolve(dirname(importer), id)}.mjs` : undefined;
  },
  load(id) {
    return id.startsWith('\0yaml:') ? `export default ${content(id.slice(6, -4))}` : undefined;
  },
};
