import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { dotnetRoot, DOTNET, programOf, RUNTIMES, type RuntimeName } from './table.ts';

/** A runtime of this machine, and its container. */
export interface Runtime {
  /** For the table: `Java 17.0.15`. */
  readonly title: string;
  /** Files in addition to those of this machine: from the path in the container to the path here. */
  readonly image: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** The variable that both agents and authors set, and a value of the author whose effect the program prints. */
  readonly shared: { readonly name: string; readonly value: string };
}

interface Kind {
  readonly find: () => Runtime;
  /** What is missing, and how to install it, in one line. */
  readonly missing: string;
}

const APP = '/app';

function outputOf(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** Mounts for a runtime: none for one in /usr, else its folder, which can be in a home that is readable only for its owner. */
function mountsOf(path: string): ReadonlyMap<string, string> {
  return new Map(/^\/usr(\/|$)/.test(path) ? [] : [[path, path]]);
}

const kinds: { readonly [name in RuntimeName]: Kind } = {
  dotnet: {
    find: () => {
      accessSync(join(dotnetRoot, 'dotnet'), constants.X_OK);
      return {
        title: `CoreCLR ${DOTNET.version}`,
        image: new Map([['/dotnet', dotnetRoot]]),
        // The wheel has no ICU.
        environment: { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' },
        command: ['/dotnet/dotnet', `${APP}/App.dll`],
        shared: { name: 'DOTNET_STARTUP_HOOKS', value: `${APP}/own/own.dll` },
      };
    },
    missing: 'no CoreCLR: run test/agents/fetch',
  },
  jvm: {
    find: () => {
      const [home = '', version = ''] = ['java.home', 'java.version'].map((name) => javaProperty(name));
      return {
        title: `Java ${version}`,
        image: mountsOf(home),
        environment: {},
        // Only the fast compiler, since only the start matters.
        command: [join(home, 'bin', 'java'), '-XX:TieredStopAtLevel=1', '-cp', APP, 'App'],
        shared: { name: 'JAVA_TOOL_OPTIONS', value: '-Dshop.own=seen' },
      };
    },
    missing: 'no JVM: apt-get install openjdk-17-jdk-headless (or any JDK)',
  },
  node: {
    find: () => ({
      title: `Node ${process.versions.node}`,
      image: mountsOf(process.execPath),
      environment: {},
      command: [process.execPath, `${APP}/app.cjs`],
      shared: { name: 'NODE_OPTIONS', value: `--require ${APP}/own/own.cjs` },
    }),
    missing: 'no Node',
  },
  python: {
    find: () => {
      const [prefix = '', version = ''] = outputOf(
        'python3',
        '-c',
        'import sys, platform; print(sys.base_prefix); print(platform.python_version())',
      ).split('\n');
      return {
        title: `Python ${version}`,
        image: mountsOf(prefix),
        environment: {},
        command: [join(prefix, 'bin', 'python3'), `${APP}/app.py`],
        shared: { name: 'PYTHONPATH', value: `${APP}/own` },
      };
    },
    missing: 'no Python: apt-get install python3 python3-pip',
  },
};

/** A system property of the installed JVM. */
function javaProperty(name: string): string {
  const settings = outputOf('sh', '-c', 'java -XshowSettings:properties -version 2>&1');
  return new RegExp(String.raw`^\s*${name} = (.*)$`, 'm').exec(settings)?.[1] ?? '';
}

export type Found = { readonly ok: true; readonly runtime: Runtime } | { readonly ok: false; readonly missing: string };

/** Returns the runtime with its program, or what is missing. */
function find(name: RuntimeName): Found {
  const { find: findRuntime, missing } = kinds[name];
  try {
    const runtime = findRuntime();
    const image = new Map([...runtime.image, [APP, programOf(name)]]);
    return isFolder(programOf(name))
      ? { ok: true, runtime: { ...runtime, image } }
      : { ok: false, missing: `no program for ${runtime.title}: run test/agents/fetch` };
  } catch {
    return { ok: false, missing };
  }
}

export const runtimes: ReadonlyMap<RuntimeName, Found> = new Map(RUNTIMES.map((name) => [name, find(name)]));

export function isFolder(path: string): boolean {
  try {
    accessSync(join(path, '.'), constants.R_OK);
    return dirname(path) !== path;
  } catch {
    return false;
  }
}
