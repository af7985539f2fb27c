// Builds dist/agent-injector.js: one file, with a source map, no node_modules needed beside it.
import { chmodSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { esbuildYaml } from './tools/yaml-modules.js';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

await build({
  entryPoints: { 'agent-injector': 'src/main.ts' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  plugins: [esbuildYaml],
  define: { VERSION: JSON.stringify(version) },
  // Packages in CommonJS call require() for Node's own modules.
  banner: {
    js: "#!/usr/bin/env node\nimport{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);",
  },
  logLevel: 'warning',
});
chmodSync('dist/agent-injector.js', 0o755);
