// Builds dist/agent-injector.js: one file, with a source map, no node_modules needed beside it; and what of others is in it (tools/sbom.js).
import { chmodSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { writeSbom } from './tools/sbom.js';
import { esbuildYaml } from './tools/yaml-modules.js';

const { name, version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

const { metafile } = await build({
  entryPoints: { 'agent-injector': 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  metafile: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  plugins: [esbuildYaml],
  // The package debug takes it for its colours if it is there, and it is there for vitest: what is not audited is not bundled.
  external: ['supports-color'],
  define: { VERSION: JSON.stringify(version) },
  // Packages in CommonJS call require() for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
  logLevel: 'warning',
});
writeSbom(metafile, { name, version });
chmodSync('dist/agent-injector.js', 0o755);
