// Builds dist/agent-injector.js: one file, with a source map, no node_modules needed beside it; and what of others is in it (tools/sbom.js).
import { chmodSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { esbuildPageFiles, pageMetafile } from './tools/page-files.js';
import { writeSbom } from './tools/sbom.js';
import { esbuildYaml } from './tools/yaml-modules.js';

const { name, version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/**
 * Modules that packages name and that we never reach: a third of the bundle, and each byte is read at every start (docs/performance.md). What
 * stands in their place throws as soon as it is used.
 */
const unreached = 'throw new Error("left out of the bundle: see build.mjs")';
const leftOut = [
  // Compilers of schemas for routes: none of ours has one.
  [/\/fastify\//, /^@fastify\/ajv-compiler$/, `module.exports = () => () => { ${unreached} };`],
  [/\/fastify\//, /^@fastify\/fast-json-stringify-compiler$/, `module.exports = () => () => { ${unreached} };`],
  // server.inject, of tests.
  [/\/fastify\//, /^light-my-request$/, `${unreached};`],
  // The generated API, and headers of a fetch: we take credentials from a kubeconfig, and call with node:https.
  [
    /\/client-node\//,
    /^\.\/gen\/index\.js$/,
    `export const createConfiguration = () => { ${unreached} }; export class ServerConfiguration { constructor() { ${unreached} } }`,
  ],
  [/\/client-node\//, /^node-fetch$/, 'export const { Headers } = globalThis;'],
  // The other side of WebSockets, and one as a stream.
  [/\/ws\//, /^\.\/lib\/websocket-server(?:\.js)?$/, 'module.exports = class {};'],
  [/\/ws\//, /^\.\/lib\/stream(?:\.js)?$/, `module.exports = () => { ${unreached} };`],
  // Logins that Kubernetes took out in favour of `exec`, and the packages that they need: credentials.ts refuses them before they are reached.
  ...Object.entries({ azure: 'AzureAuth', gcp: 'GoogleCloudPlatformAuth', oidc: 'OpenIDConnectAuth' }).map(
    ([file, login]) => [
      /\/client-node\//,
      new RegExp(`^\\./${file}_auth\\.js$`),
      `export class ${login} { isAuthProvider() { return false; } }`,
    ],
  ),
];

const esbuildLeftOut = {
  name: 'left-out',
  setup(building) {
    for (const [index, [importer, path]] of leftOut.entries()) {
      building.onResolve({ filter: path }, (args) =>
        importer.test(args.importer) ? { path: String(index), namespace: 'left-out' } : undefined,
      );
    }
    building.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: leftOut[path][2] }));
  },
};

const { metafile } = await build({
  entryPoints: { 'agent-injector': 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  // Names stay: they tell more in a stack than a map that nobody reads at the start, and short ones start later and hold more
  // (docs/performance.md).
  minifyWhitespace: true,
  minifySyntax: true,
  // The paths of packages are in the bundle: the same wherever node_modules really is.
  preserveSymlinks: true,
  sourcemap: 'linked',
  metafile: true,
  platform: 'node',
  target: 'node20.20',
  format: 'esm',
  plugins: [esbuildYaml, esbuildPageFiles, esbuildLeftOut],
  // The package debug takes it for its colours if it is there, and it is there for vitest: what is not audited is not bundled.
  // ws takes the other two, which are native, where they are there: it is as right without them.
  external: ['supports-color', 'bufferutil', 'utf-8-validate'],
  define: { VERSION: JSON.stringify(version) },
  // Packages in CommonJS call require() for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
  logLevel: 'warning',
});
const page = await pageMetafile();
// Packages of the page are in the bundle as compressed text.
writeSbom(
  { inputs: { ...page.inputs, ...metafile.inputs }, outputs: { ...metafile.outputs, ...page.outputs } },
  { name, version },
);
chmodSync('dist/agent-injector.js', 0o755);
