import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseDocument } from 'yaml';
import { isObject } from '../lib/json.ts';
import { nearest } from '../lib/suggest.ts';
import { pathText } from '../lib/text.ts';
import { readDefaults } from '../settings/defaults.ts';
import {
  flagOf,
  millisecondsOf,
  readSettings,
  type SettingName,
  settingNames,
  settingRows,
  type Settings,
  variableOf,
  type Written,
} from './options.ts';

/** The server's configuration, complete and checked. */
export interface Config extends Settings {
  /** Cluster-wide defaults: from a setting's name to its value, as an annotation would have it. */
  readonly defaults: Readonly<Record<string, string>>;
}

export type ReadConfig =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly problems: readonly string[];
      /** The defaults of a file that could be read, so that its problems can be told with the others. */
      readonly defaults: Config['defaults'];
      /** The directory of profiles, where one is named: defaults may speak of them. */
      readonly profiles: string | undefined;
    };

/**
 * In the namespace of a Service called agent-injector the kubelet puts its addresses into every container under our own prefix
 * (AGENT_INJECTOR_PORT=tcp://10.0.0.1:443, AGENT_INJECTOR_SERVICE_HOST=…): they are not meant for us.
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT)(_|$)/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_|$)/.test(name) ||
    /^(tcp|udp|sctp):\/\//.test(value)
  );
}

/**
 * Reads flags, environment and file, the stronger first, into one configuration. Every problem is found at once, each a sentence that says
 * where the value stands. Who only looks at something need not give all that a server needs.
 */
export function readConfig(
  flags: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  purpose: 'serve' | 'read' = 'serve',
): ReadConfig {
  const problems: string[] = [];
  const variables = readVariables(environment, problems);
  const file = flags['config'] ?? variables.get('config')?.value;
  const { settings, defaults } = file === undefined ? NO_FILE : readFile(file, problems);
  const found = strongest(flags, variables, settings);
  const read = readSettings(new Map([...found].map(([name, { value }]) => [name, value])));
  problems.push(...(read.ok ? contradictions(read.settings, found, purpose) : problemsOf(read.wrong, found)));
  return read.ok && problems.length === 0
    ? { ok: true, config: { ...read.settings, defaults } }
    : { ok: false, problems, defaults, profiles: found.get('profiles')?.value.toString() };
}

/** The kubeconfig that kubectl would take; undefined where there is none. Of several files in KUBECONFIG the first one counts. */
export function userKubeconfig(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const [named = ''] = (environment['KUBECONFIG'] ?? '').split(delimiter);
  if (flag !== undefined || named !== '') return flag ?? named;
  const standard = join(homedir(), '.kube', 'config');
  return existsSync(standard) ? standard : undefined;
}

/** Settings that contradict each other, or are of no use alone. */
function contradictions(
  settings: Settings,
  found: ReadonlyMap<SettingName, Found>,
  purpose: 'serve' | 'read',
): readonly string[] {
  const { port, adminPort, leafLifetime, caLifetime } = settings;
  const publishes = found.has('tlsSecret') || found.has('webhookConfiguration');
  const rules: readonly (readonly [isWrong: boolean, problem: string])[] = [
    [port !== 0 && port === adminPort, `port and admin-port are both ${port}: give each its own`],
    [
      found.has('kubeconfig') && found.has('namespaces'),
      'kubeconfig and namespaces: give one of them; namespaces come from a cluster or from a file',
    ],
    [
      found.has('tlsSecret') && found.has('tlsDir'),
      'tlsSecret and tlsDir: give one of them; the certificate comes from a Secret or from a directory',
    ],
    [
      found.has('tlsSecret') && !found.has('webhookConfiguration'),
      'tlsSecret needs webhookConfiguration: a new CA signs only once the API server is seen to trust it',
    ],
    [
      publishes && !found.has('service'),
      'tlsSecret and webhookConfiguration need service: by its names the API server calls',
    ],
    [
      found.has('clientNames') && !found.has('clientCa'),
      'clientNames needs clientCa: without it nobody is asked for a certificate',
    ],
    [
      millisecondsOf(caLifetime) < 3 * millisecondsOf(leafLifetime),
      `caLifetime: "${caLifetime}" must be at least three times leafLifetime ("${leafLifetime}")`,
    ],
  ];
  return purpose === 'read' ? [] : rules.filter(([isWrong]) => isWrong).map(([, problem]) => problem);
}

function strongest(
  flags: Readonly<Record<string, string>>,
  variables: ReadonlyMap<string, Found>,
  settings: ReadonlyMap<string, Found>,
): ReadonlyMap<SettingName, Found> {
  const found = new Map<SettingName, Found>();
  for (const name of settingNames) {
    const flag = flags[name];
    const written = flag === undefined ? undefined : { value: flag, at: `--${flagOf(name)}` };
    const setting = written ?? variables.get(name) ?? settings.get(name);
    if (setting) found.set(name, setting);
  }
  return found;
}

function problemsOf(wrong: ReadonlySet<SettingName>, found: ReadonlyMap<SettingName, Found>): readonly string[] {
  return settingNames
    .filter((name) => wrong.has(name))
    .map(
      (name) =>
        `${found.get(name)?.at ?? name}: "${found.get(name)?.value ?? ''}" must be ${settingRows[name].expected}`,
    );
}

interface Found {
  readonly value: Written;
  readonly at: string;
}

/** What a configuration file says. */
interface FileContent {
  readonly settings: ReadonlyMap<string, Found>;
  readonly defaults: Readonly<Record<string, string>>;
}

const NO_FILE: FileContent = { settings: new Map(), defaults: {} };

function readVariables(
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): ReadonlyMap<string, { readonly value: string; readonly at: string }> {
  const names = new Map(settingNames.map((name) => [variableOf(name), name]));
  const found = new Map<string, { readonly value: string; readonly at: string }>();
  for (const [variable, value] of Object.entries(environment)) {
    if (
      !variable.startsWith('AGENT_INJECTOR_') ||
      value === undefined ||
      value === '' ||
      isServiceLink(variable, value)
    )
      continue;
    const name = names.get(variable);
    if (name !== undefined) found.set(name, { value, at: variable });
    else problems.push(`${variable}: no such setting${meant(nearest(variable, names.keys()))}`);
  }
  return found;
}

function readFile(file: string, problems: string[]): FileContent {
  const parsed = parseFile(file);
  const read = parsed.ok ? readContent(parsed.value ?? {}) : parsed;
  if (!read.ok) {
    problems.push(...read.problems.map((problem) => `${file}: ${problem}`));
    return NO_FILE;
  }
  const { values, defaults } = read;
  const settings = values.map(([name, value]) => [name, { value, at: `${file}: ${name}` }] as const);
  return { settings: new Map(settings), defaults };
}

type Content =
  | {
      readonly ok: true;
      readonly values: readonly (readonly [string, Written])[];
      readonly defaults: FileContent['defaults'];
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads a file as a whole, before its values are read. */
function readContent(content: unknown): Content {
  if (!isObject(content)) return { ok: false, problems: ['must be an object: a setting and its value on each line'] };
  const { defaults = {}, ...given } = content;
  const read = readDefaults(defaults);
  const names = settingNames.filter((name) => name !== 'config');
  const known = new Set<string>(names);
  const values: (readonly [string, Written])[] = [];
  const wrong: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!known.has(name)) wrong.push(`${name}: no such setting${meant(nearest(name, [...names, 'defaults']))}`);
    else if (isScalar(value)) values.push([name, value]);
    else wrong.push(`${name}: must be text, a number, true or false`);
  }
  if (read.ok && wrong.length === 0) return { ok: true, values, defaults: read.value };
  const ofDefaults = read.ok ? [] : read.error;
  const told = ofDefaults.map(({ path, message }) => `${pathText(['defaults', ...path])}: ${message}`);
  return { ok: false, problems: [...told, ...wrong] };
}

function isScalar(value: unknown): value is Written {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

function parseFile(file: string): Parsed {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'));
    const problems = document.errors.map((error) => error.message.split('\n')[0] ?? '');
    // An alias without its anchor is found only here.
    return problems.length > 0 ? { ok: false, problems } : { ok: true, value: document.toJS() };
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function meant(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`;
}
