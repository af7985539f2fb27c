// `npm run package [-- [--any-node] DIR]` makes what a release publishes, in release/ or DIR: the npm package, a single executable for this platform, the
// chart, a bundle for machines without internet, the SBOM, licences and checksums. It needs Helm (path in HELM) and the Node.js of .node-version, which
// becomes part of the executable; --any-node takes the one that runs, and the SBOM names it. DIR is replaced as a whole, and only when all is made. The
// image is built by the Dockerfile.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { inject } from 'postject';
import { withNode } from './sbom.js';

const root = join(import.meta.dirname, '..');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { values: flags, positionals } = parseArgs({
  options: { 'any-node': { type: 'boolean' } },
  allowPositionals: true,
});
const target = resolve(positionals[0] ?? join(root, 'release'));
const platform = `${process.platform}-${process.arch}`;
const helm = process.env.HELM || 'helm';
const work = mkdtempSync(join(tmpdir(), 'agent-injector-package-'));
const out = join(work, 'out');
const executable = join(out, `${name}-${version}-${platform}`);

const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });

/** What speaks against packaging here; undefined if all is there. Nothing has been changed by then. */
function obstacle() {
  const pinned = readFileSync(join(root, '.node-version'), 'utf8').trim();
  if (process.versions.node !== pinned && !flags['any-node'])
    return `this is Node.js ${process.versions.node}, and it would be in the executable: use ${pinned} (.node-version), or --any-node`;
  if (spawnSync(helm, ['version'], { stdio: 'ignore' }).status !== 0)
    return `no Helm: "${helm}" does not run. Install Helm 3, or name it in HELM`;
  if (nodeLicence() === undefined)
    return 'the licence of this Node.js is not beside it, as in the archives of nodejs.org: name its file in NODE_LICENSE';
  if (existsSync(target) && readdirSync(target).length > 0 && !existsSync(join(target, 'SHA256SUMS')))
    return `${target} would be replaced, and it is no earlier release: it has files, and no SHA256SUMS`;
  return undefined;
}

/** The file with the licences of Node.js and of what is in it: V8, OpenSSL, ICU and others. */
function nodeLicence() {
  const home = join(dirname(process.execPath), '..');
  const places = [process.env.NODE_LICENSE, join(home, 'LICENSE'), join(home, 'share/doc/nodejs/LICENSE')];
  return places.find((place) => place && existsSync(place));
}

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
  // What it reports on stderr is no warning; if it fails, the error has it.
  execFileSync(process.execPath, ['--experimental-sea-config', configuration], { cwd: root, stdio: 'pipe' });
  copyFileSync(process.execPath, executable);
  chmodSync(executable, 0o755);
  const { warn } = console;
  // LIEF, with which postject reads the executable, warns of names of sections that nothing here uses.
  console.warn = (line) => String(line).includes("string offset for section name '.note") || warn(line);
  await inject(executable, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: FUSE });
  console.warn = warn;
}

const LICENCES = 'THIRD-PARTY-LICENSES.txt';

/** Of the program and of the Node.js that is in the executable. */
function describeContents() {
  const sbom = JSON.parse(readFileSync(join(root, 'dist/sbom.cdx.json'), 'utf8'));
  writeFileSync(join(out, 'sbom.cdx.json'), `${JSON.stringify(withNode(sbom, process.versions.node), null, 2)}\n`);
  const line = '='.repeat(80);
  const node = `${line}\nNode.js ${process.versions.node}, in the executable\n${line}\n\n${readFileSync(nodeLicence(), 'utf8')}`;
  writeFileSync(join(out, LICENCES), `${readFileSync(join(root, 'dist', LICENCES), 'utf8')}\n${node}`);
}

/** Everything for a desk without internet but the image: `docker save` makes a file of that. */
function makeOfflineBundle() {
  const top = `${name}-${version}-offline-${platform}`;
  const folder = join(work, top);
  mkdirSync(folder);
  cpSync(executable, join(folder, name));
  for (const path of [`${name}-chart-${version}.tgz`, 'sbom.cdx.json', LICENCES])
    copyFileSync(join(out, path), join(folder, path));
  // With what the documents link to.
  const linked = ['LICENSE', 'security', 'test/docs/faq-tests.yaml'];
  const tracked = execFileSync('git', ['ls-files', '*.md', 'docs', 'deploy', ...linked, ':!:test/**.md', ':!:certs'], {
    cwd: root,
  });
  for (const path of tracked.toString().trim().split('\n')) cpSync(join(root, path), join(folder, path));
  copyFileSync(join(root, 'docs/offline.md'), join(folder, 'START-HERE.md'));
  writeFileSync(join(folder, `${name}.1`), execFileSync(executable, ['man']));
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

async function makeRelease() {
  mkdirSync(out);
  run(process.execPath, 'build.mjs');
  for (const [kind, ...command] of [
    ['npm', 'npm', 'pack', '--silent', '--pack-destination'],
    ['chart', helm, 'package', join(root, `deploy/helm/${name}`), '--destination'],
  ]) {
    const folder = join(work, kind);
    mkdirSync(folder);
    run(...command, folder);
    copyFileSync(join(folder, `${name}-${version}.tgz`), join(out, `${name}-${kind}-${version}.tgz`));
  }
  describeContents();
  await makeExecutable();
  makeOfflineBundle();
  const paths = writeChecksums();
  rmSync(target, { recursive: true, force: true });
  cpSync(out, target, { recursive: true });
  console.log(paths.map((path) => join(target, path)).join('\n'));
}

try {
  const problem = obstacle();
  if (problem === undefined) await makeRelease();
  else {
    console.error(`package: ${problem}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
