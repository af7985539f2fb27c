import { TOKEN_FILE } from '../cluster/client/credentials.ts';
import { readFileSync } from 'node:fs';
import { isObject, type Json } from '../lib/json.ts';
import { nearest } from '../lib/suggest.ts';
import { pathText } from '../lib/text.ts';
import { errorMessage } from '../lib/error-message.ts';
import type { Result } from '../lib/result.ts';
import { readSingle } from '../manifests/yaml.ts';
import { readDefaults } from '../settings/validate-defaults.ts';
import { flagOf, variableOf } from './option-names.ts';
import { parseOptions, type OptionName, optionNames, optionRows, type ServerOptions } from './options.ts';
import { millisecondsOf, type RawValue } from './value-kinds.ts';

export interface Config extends ServerOptions {
  /** Cluster-wide defaults: from a setting's name to its value, as in an annotation. */
  readonly defaults: Readonly<Record<string, string>>;
}

export interface ConfigFault {
  readonly problems: readonly string[];
  /** The defaults of a file that could be read, so that their problems are reported with the others. */
  readonly defaults: Config['defaults'];
  /** The directory of profiles, if any: defaults may refer to profiles in it. */
  readonly profiles: string | undefined;
}

interface GivenValue {
  readonly value: RawValue;
  /** The place that has the value: a flag, a variable, or a file and key. */
  readonly origin: string;
}

/**
 * Merges flags, environment and file, in this order of precedence, into one configuration. All problems are reported at once, each with the
 * origin of the value. With `read`, options that only a server requires may be missing.
 */
export function readConfig(
  flags: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  purpose: 'serve' | 'read' = 'serve',
): Result<Config, ConfigFault> {
  const problems: string[] = [];
  const variables = readVariables(environment, problems);
  const file = flags['config'] ?? variables.get('config')?.value;
  const { options, defaults } = file === undefined ? NO_FILE : readFile(String(file), problems);
  const given = merge(flags, variables, options);
  const parsed = parseOptions(new Map([...given].map(([name, { value }]) => [name, value])));
  problems.push(...(parsed.ok ? contradictions(parsed.value, given, purpose) : invalidValues(parsed.error, given)));
  return parsed.ok && problems.length === 0
    ? { ok: true, value: { ...parsed.value, defaults } }
    : { ok: false, error: { problems, defaults, profiles: given.get('profiles')?.value.toString() } };
}

/** True if one of the settings is given, by a flag or by its environment variable. */
export function isAnyGiven(
  names: readonly OptionName[],
  flags: Readonly<{ [name in OptionName]?: string | undefined }>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return names.some((name) => flags[name] !== undefined || (environment[variableOf(name)] ?? '') !== '');
}

/** Tells a pod without credentials what to do; undefined elsewhere. */
export function missingToken(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  if ((environment['KUBERNETES_SERVICE_HOST'] ?? '') === '') return undefined;
  return (
    `this pod (KUBERNETES_SERVICE_HOST is set) has no service account token in ${TOKEN_FILE}: ` +
    'set automountServiceAccountToken: true on the pod and on its ServiceAccount'
  );
}

const REGISTER_EXCLUDES: readonly OptionName[] = ['demo', 'namespaces', 'webhookConfiguration', 'tlsDir'];

function contradictions(
  options: ServerOptions,
  given: ReadonlyMap<OptionName, GivenValue>,
  purpose: 'serve' | 'read',
): readonly string[] {
  const { port, adminPort, leafLifetime, caLifetime, demo } = options;
  const has = (name: OptionName): boolean => given.has(name);
  const rules: readonly (readonly [isViolated: boolean, problem: string])[] = [
    [port !== 0 && port === adminPort, `port and adminPort are both ${port}: choose different ports`],
    [
      [has('kubeconfig'), has('namespaces'), demo].filter(Boolean).length > 1,
      'kubeconfig, namespaces and demo are mutually exclusive: namespaces are read from a cluster, from a file, or are a sample',
    ],
    [
      has('tlsSecret') && has('tlsDir'),
      'tlsSecret and tlsDir are mutually exclusive: the certificate is read from a Secret or from a directory',
    ],
    [
      has('tlsSecret') && !has('webhookConfiguration'),
      'tlsSecret requires webhookConfiguration: a new CA must appear in caBundle before it issues certificates',
    ],
    [
      (has('tlsSecret') || has('webhookConfiguration')) && !has('service'),
      'tlsSecret and webhookConfiguration require service: the certificate must be valid for its DNS names',
    ],
    [
      has('register') && REGISTER_EXCLUDES.some(has),
      'register excludes demo, namespaces, webhookConfiguration, tlsSecret and tlsDir: it makes its own configuration and certificate for a cluster',
    ],
    [
      has('clientNames') && !has('clientCa'),
      'clientNames requires clientCa: without it no client certificate is requested',
    ],
    [
      millisecondsOf(caLifetime) < 3 * millisecondsOf(leafLifetime),
      `caLifetime: "${caLifetime}" must be at least three times leafLifetime ("${leafLifetime}")`,
    ],
  ];
  return purpose === 'read' ? [] : rules.filter(([isViolated]) => isViolated).map(([, problem]) => problem);
}

function merge(
  flags: Readonly<Record<string, string>>,
  variables: ReadonlyMap<string, GivenValue>,
  inFile: ReadonlyMap<string, GivenValue>,
): ReadonlyMap<OptionName, GivenValue> {
  const given = new Map<OptionName, GivenValue>();
  for (const name of optionNames) {
    const flag = flags[name];
    const fromFlag = flag === undefined ? undefined : { value: flag, origin: `--${flagOf(name)}` };
    const value = fromFlag ?? variables.get(name) ?? inFile.get(name);
    if (value) given.set(name, value);
  }
  return given;
}

function invalidValues(
  invalid: ReadonlySet<OptionName>,
  given: ReadonlyMap<OptionName, GivenValue>,
): readonly string[] {
  return [...given]
    .filter(([name]) => invalid.has(name))
    .map(([name, { value, origin }]) => `${origin}: "${value}" must be ${optionRows[name].expected}`);
}

function readVariables(
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): ReadonlyMap<string, GivenValue> {
  const names = new Map(optionNames.map((name) => [variableOf(name), name]));
  const given = new Map<string, GivenValue>();
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('AGENT_INJECTOR_') || value === undefined || value === '') continue;
    if (isServiceLink(variable, value)) continue;
    const name = names.get(variable);
    if (name !== undefined) given.set(name, { value, origin: variable });
    else problems.push(`${variable}: unknown setting${suggestion(nearest(variable, names.keys()))}`);
  }
  return given;
}

/**
 * True for variables that the kubelet adds to every container in the namespace of a Service called agent-injector
 * (AGENT_INJECTOR_PORT=tcp://10.0.0.1:443, AGENT_INJECTOR_SERVICE_HOST=…): they share our prefix but are not options.
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT)(_|$)/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_|$)/.test(name) ||
    /^(tcp|udp|sctp):\/\//.test(value)
  );
}

interface FileContent {
  readonly options: ReadonlyMap<string, GivenValue>;
  readonly defaults: Config['defaults'];
}

const NO_FILE: FileContent = { options: new Map(), defaults: {} };

function readFile(file: string, problems: string[]): FileContent {
  const parsed = parseFile(file);
  const content = parsed.ok ? readContent(parsed.value ?? {}, file) : parsed;
  if (content.ok) return content.value;
  problems.push(...content.error);
  return NO_FILE;
}

function readContent(content: unknown, file: string): Result<FileContent, readonly string[]> {
  if (!isObject(content)) return { ok: false, error: [`${file}: must be an object of settings and their values`] };
  const { defaults: rawDefaults = {}, ...given } = content;
  const defaults = readDefaults(rawDefaults);
  const names = optionNames.filter((name) => name !== 'config');
  const known = new Set<string>(names);
  const options = new Map<string, GivenValue>();
  const problems = defaults.ok
    ? []
    : defaults.error.map(({ path, message }) => `${pathText(['defaults', ...path])}: ${message}`);
  for (const [name, value] of Object.entries(given)) {
    if (!known.has(name)) problems.push(`${name}: unknown setting${suggestion(nearest(name, [...names, 'defaults']))}`);
    else if (isScalar(value)) options.set(name, { value, origin: `${file}: ${name}` });
    else problems.push(`${name}: must be a string, a number or a boolean`);
  }
  return defaults.ok && problems.length === 0
    ? { ok: true, value: { options, defaults: defaults.value } }
    : { ok: false, error: problems.map((problem) => `${file}: ${problem}`) };
}

export function isScalar(value: unknown): value is RawValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function parseFile(file: string): Result<Json, readonly string[]> {
  try {
    const read = readSingle(readFileSync(file, 'utf8'));
    if (read.ok) return read;
    return { ok: false, error: read.error.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`) };
  } catch (error) {
    return { ok: false, error: [`${file}: ${errorMessage(error)}`] };
  }
}

function suggestion(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`;
}
