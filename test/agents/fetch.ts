// Fetches the missing agents with the clients of their ecosystems, and builds the programs that they instrument.
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  agents,
  cache,
  DOTNET,
  dotnetRoot,
  filesOf,
  MCS_PACKAGES,
  mcsRoot,
  programOf,
  programs,
  RUNTIMES,
  type Agent,
  type RuntimeName,
  type Step,
} from './table.ts';

const run = promisify(execFile);

/** Runs a command. Its error contains the output. */
async function command(name: string, args: readonly string[], cwd: string = cache): Promise<void> {
  try {
    await run(name, args, { cwd, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const output = `${stdout}${stderr}`.split('\n').slice(-15).join('\n');
    throw new Error(`${name} ${args.join(' ')}: ${output || String(error)}`, { cause: error });
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Creates a folder atomically: it gets its name when it is complete. */
async function makeOnce(folder: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  if (isReadable(folder)) return;
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    const started = Date.now();
    await make(unfinished);
    // As in a vendor's image: readable for every user.
    await command('chmod', ['-R', 'go+rX', unfinished]);
    await rename(unfinished, folder);
    console.log(`fetched ${folder.slice(cache.length + 1)} in ${Math.round((Date.now() - started) / 100) / 10} s`);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another run has made the same folder meanwhile.
    if (!isReadable(folder)) throw error;
  }
}

const mavenFolder = join(cache, 'maven');

/** The path of the fetched file of `group:artifact:version[:type]`. */
function mavenFile(coordinates: string): string {
  const [, artifact = '', version = '', type = 'jar'] = coordinates.split(':');
  return join(mavenFolder, `${artifact}-${version}.${type}`);
}

/** Fetches all missing files in one run of Maven, whose start takes most of the time. */
async function fetchMaven(coordinates: readonly string[]): Promise<void> {
  const missing = coordinates.filter((one) => !isReadable(mavenFile(one)));
  if (missing.length === 0) return;
  const items = missing.map((one) => {
    const [group, artifact, version, type = 'jar'] = one.split(':');
    return `<artifactItem><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><type>${type}</type></artifactItem>`;
  });
  await makeOnce(join(cache, `maven.${process.pid}`), async (folder) => {
    await writeFile(
      join(folder, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
      <groupId>agents</groupId><artifactId>agents</artifactId><version>1</version><packaging>pom</packaging>
      <build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>2.10</version>
      <configuration><outputDirectory>files</outputDirectory><artifactItems>${items.join('')}</artifactItems></configuration>
      </plugin></plugins></build></project>`,
    );
    // Version 2 of the plugin does not read the POM of a file. That of SkyWalking has a parent that was never published.
    await command('mvn', ['-q', '-B', 'dependency:copy'], folder);
    await mkdir(mavenFolder, { recursive: true });
    for (const file of await readdir(join(folder, 'files'))) {
      await rename(join(folder, 'files', file), join(mavenFolder, file));
    }
  });
  await rm(join(cache, `maven.${process.pid}`), { recursive: true });
}

/** Installs packages into a folder with the interpreter of the tests, since wheels depend on its version. */
async function pip(folder: string, requirements: readonly string[]): Promise<void> {
  await command('python3', [
    '-m',
    'pip',
    'install',
    '-q',
    '--root-user-action=ignore',
    '--target',
    folder,
    ...requirements,
  ]);
}

async function runStep(step: Step, folder: string): Promise<void> {
  if ('to' in step && step.to !== undefined) await mkdir(dirname(join(folder, step.to)), { recursive: true });
  if ('maven' in step) {
    if (step.to !== undefined) await cp(mavenFile(step.maven), join(folder, step.to));
    else await command('tar', ['-xzf', mavenFile(step.maven), '-C', folder, '--strip-components=1']);
  } else if ('npm' in step) {
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--omit=dev'];
    await command('npm', ['install', '--silent', ...flags, ...step.npm], folder);
  } else if ('pip' in step) {
    await pip(join(folder, step.to ?? '.'), step.pip);
  } else if ('copy' in step) {
    await cp(join(folder, step.copy), join(folder, step.to), { recursive: true });
  } else if ('write' in step) {
    await mkdir(dirname(join(folder, step.write)), { recursive: true });
    await writeFile(join(folder, step.write), step.text);
  } else if ('library' in step) {
    await command('gcc', ['-Wall', '-shared', '-fPIC', '-o', join(folder, step.to), join(programs, step.library)]);
  } else {
    await compile(step.assembly, join(folder, step.to), 'library');
  }
}

/** Compiles C# with Debian's compiler, against the assemblies of the runtime. */
async function compile(source: string, to: string, target: 'exe' | 'library'): Promise<void> {
  const framework = join(dotnetRoot, 'shared', 'Microsoft.NETCore.App', DOTNET.version);
  const references = ['System.Private.CoreLib', 'System.Runtime', 'System.Console'].map(
    (name) => `-r:${join(framework, `${name}.dll`)}`,
  );
  await command('env', [
    `MONO_PATH=${join(mcsRoot, 'usr/lib/mono/4.5')}`,
    `MONO_CFG_DIR=${join(mcsRoot, 'etc')}`,
    join(mcsRoot, 'usr/bin/mono-sgen'),
    join(mcsRoot, 'usr/lib/mono/4.5/mcs.exe'),
    '-nologo',
    '-nostdlib',
    `-target:${target}`,
    ...references,
    `-out:${to}`,
    join(programs, source),
  ]);
}

async function buildProgram(runtime: RuntimeName, folder: string): Promise<void> {
  await cp(programs, folder, { recursive: true });
  if (runtime === 'jvm') {
    // Class files that the oldest agent can read: Scouter's does not support Java 17.
    await command('javac', ['-nowarn', '--release', '8', '-d', folder, join(programs, 'App.java')]);
  }
  if (runtime === 'dotnet') {
    await compile('App.cs', join(folder, 'App.dll'), 'exe');
    await compile('Hook.cs', join(folder, 'own', 'own.dll'), 'library');
    const framework = { name: 'Microsoft.NETCore.App', version: DOTNET.version };
    await writeFile(join(folder, 'App.runtimeconfig.json'), JSON.stringify({ runtimeOptions: { framework } }));
  }
}

/** Unpacks the packages without installing them. */
async function fetchMcs(folder: string): Promise<void> {
  const debs = await mkdtemp(join(cache, 'debs.'));
  try {
    await command('apt-get', ['download', '-q', ...MCS_PACKAGES], debs).catch(async () => {
      await command('apt-get', ['update', '-qq']);
      await command('apt-get', ['download', '-q', ...MCS_PACKAGES], debs);
    });
    for (const deb of await readdir(debs)) await command('dpkg', ['-x', join(debs, deb), folder]);
  } finally {
    await rm(debs, { recursive: true });
  }
}

async function fetchAgent(agent: Agent): Promise<void> {
  await makeOnce(filesOf(agent), async (folder) => {
    for (const step of agent.files) await runStep(step, folder);
  });
}

/** Waits for all parts and records the errors of those that fail. */
async function runAll(...parts: readonly Promise<void>[]): Promise<void> {
  for (const part of await Promise.allSettled(parts)) {
    if (part.status === 'rejected')
      failures.add(part.reason instanceof Error ? part.reason.message : String(part.reason));
  }
}

const failures = new Set<string>();
const selected = agents();
const coordinates = selected.flatMap(({ files }) => files.flatMap((step) => ('maven' in step ? [step.maven] : [])));

await mkdir(cache, { recursive: true });
await runAll(
  fetchMaven(coordinates),
  makeOnce(mcsRoot, fetchMcs),
  makeOnce(dirname(dirname(dotnetRoot)), async (folder) => {
    await pip(folder, [DOTNET.wheel, '--no-deps']);
    await command('chmod', ['+x', join(folder, 'dotnetcore2', 'bin', 'dotnet')]);
  }),
);
await runAll(
  ...RUNTIMES.map((runtime) => makeOnce(programOf(runtime), (folder) => buildProgram(runtime, folder))),
  ...selected.map(fetchAgent),
);
for (const failure of failures) console.error(`fetch: ${failure}`);
process.exitCode = failures.size > 0 ? 1 : 0;
