// `npm run package [DIR]` makes what a release publishes, in release/ or DIR: the npm package, a single executable for this platform, the chart, a bundle
// for machines without internet, the SBOM and checksums. It needs Helm (path in HELM). The image is built by the Dockerfile.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { inject } from 'postject';

const root = join(import.meta.dirname, '..');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const out = resolve(process.argv[2] ?? join(root, 'release'));
const platform = `${process.platform}-${process.arch}`;
const executable = join(out, `${name}-${version}-${platform}`);
const work = mkdtempSync(join(tmpdir(), 'agent-injector-package-'));

const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });

/** Node's own mark of where a program may be put into it (nodejs.org/api/single-executable-applications.html). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Puts the bundle into a copy of this Node.js. The program of a single executable is CommonJS. */
async function makeExecutable() {
  const main = join(work, 'main.cjs');
  await build({
    entryPoints: [join(root, 'dist/agent-injector.js')],
    outfile: main,
    bundle: true,
    platform: 'node',
    target: 'node20.20',
    format: 'cjs',
    external: ['supports-color'],
    define: { 'import.meta.url': '__executable' },
    banner: { js: "const __executable=require('node:url').pathToFileURL(process.execPath).href;" },
    logLevel: 'warning',
  });
  const blob = join(work, 'program.blob');
  const configuration = join(work, 'sea.json');
  writeFileSync(configuration, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }));
  run(process.execPath, '--experimental-sea-config', configuration);
  copyFileSync(process.execPath, executable);
  chmodSync(executable, 0o755);
  await inject(executable, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: FUSE });
}

/** The SBOM of the build names the Node.js of the image; the executable has the one that makes it. */
function sbomOfExecutable() {
  const sbom = JSON.parse(readFileSync(join(root, 'dist/sbom.cdx.json'), 'utf8'));
  const node = sbom.components.find((component) => component.name === 'node');
  const { version: ofImage, 'bom-ref': before } = node;
  const own = process.versions.node;
  if (own !== ofImage)
    console.error(`note: the executable has Node.js ${own}; a release has ${ofImage} (.node-version)`);
  const renamed = JSON.parse(JSON.stringify(node).replaceAll(ofImage, own));
  const components = sbom.components.map((component) => (component === node ? renamed : component));
  const text = JSON.stringify({ ...sbom, components }, null, 2);
  return `${text.replaceAll(JSON.stringify(before), JSON.stringify(renamed['bom-ref']))}\n`;
}

/** Everything for a desk without internet but the image: `docker save` makes a file of that. */
function makeOfflineBundle() {
  const top = `${name}-${version}-offline-${platform}`;
  const folder = join(work, top);
  mkdirSync(folder);
  cpSync(executable, join(folder, name));
  for (const path of [`${name}-chart-${version}.tgz`, 'sbom.cdx.json'])
    copyFileSync(join(out, path), join(folder, path));
  // With what the documents link to.
  const linked = ['LICENSE', 'security', 'test/docs/faq-tests.yaml'];
  const tracked = execFileSync('git', ['ls-files', '*.md', 'docs', 'deploy', ...linked, ':!:test/**.md', ':!:certs'], {
    cwd: root,
  });
  for (const path of tracked.toString().trim().split('\n')) cpSync(join(root, path), join(folder, path));
  copyFileSync(join(root, 'docs/offline.md'), join(folder, 'START-HERE.md'));
  writeFileSync(join(folder, `${name}.1`), execFileSync(executable, ['man']));
  copyFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), join(folder, 'THIRD-PARTY-LICENSES.txt'));
  run('tar', '-czf', join(out, `${top}.tar.gz`), '--owner=0', '--group=0', '--sort=name', '-C', work, top);
}

/** In the format of sha256sum. */
function writeChecksums() {
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1)).toSorted();
  const hashOf = (path) =>
    createHash('sha256')
      .update(readFileSync(join(out, path)))
      .digest('hex');
  writeFileSync(join(out, 'SHA256SUMS'), paths.map((path) => `${hashOf(path)}  ${path}\n`).join(''));
  return paths;
}

try {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  run(process.execPath, 'build.mjs');
  for (const [kind, ...command] of [
    ['npm', 'npm', 'pack', '--silent', '--pack-destination'],
    ['chart', process.env.HELM || 'helm', 'package', join(root, `deploy/helm/${name}`), '--destination'],
  ]) {
    const folder = join(work, kind);
    mkdirSync(folder);
    run(...command, folder);
    copyFileSync(join(folder, `${name}-${version}.tgz`), join(out, `${name}-${kind}-${version}.tgz`));
  }
  writeFileSync(join(out, 'sbom.cdx.json'), sbomOfExecutable());
  await makeExecutable();
  makeOfflineBundle();
  console.log(
    writeChecksums()
      .map((path) => join(out, path))
      .join('\n'),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
