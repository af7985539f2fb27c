import { parseVersion } from '../kubernetes/version.ts';

// No library of schemas here: this is read before anything else whenever a server starts (docs/performance.md).

/** What may be watched of a cluster so that no pod is made to wait. */
export const checkNames = ['claims', 'quotas'] as const;

export type CheckName = (typeof checkNames)[number];

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The server's settings. */
export interface Settings {
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly namespaces?: string;
  readonly profiles?: string;
  readonly kubernetes?: string;
  readonly configMapKeys: boolean;
  readonly events: boolean;
  readonly checks: string;
  readonly auditInterval: string;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly tlsDir: string;
  readonly tlsSecret?: string;
  readonly webhookConfiguration?: string;
  readonly service?: string;
  readonly leafLifetime: string;
  readonly caLifetime: string;
  readonly clientCa?: string;
  readonly clientNames?: string;
  readonly drainSeconds: number;
  readonly logLevel: (typeof logLevels)[number];
}

export type SettingName = keyof Settings;

/** What settings are where nobody gives them. */
export const standardSettings: Settings = {
  configMapKeys: false,
  events: false,
  checks: checkNames.join(','),
  auditInterval: '0',
  host: '::',
  port: 8443,
  adminPort: 9090,
  tlsDir: 'certs',
  leafLifetime: '7d',
  caLifetime: '365d',
  drainSeconds: 10,
  logLevel: 'info',
};

/** As it stands in a flag, in the environment or in a file. */
export type Written = string | number | boolean;

/** The value that was meant; undefined: it is none. */
type Read<Value> = (written: Written) => Value | undefined;

function text(is: (written: string) => boolean): Read<string> {
  return (written) => (typeof written === 'string' && is(written) ? written : undefined);
}

function whole(minimum: number, maximum: number): Read<number> {
  return (written) => {
    const number = typeof written === 'string' && /^\d{1,9}$/.test(written) ? Number(written) : written;
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined;
    return number >= minimum && number <= maximum ? number : undefined;
  };
}

const some = text((written) => written !== '');

const yesOrNo: Read<boolean> = (written) => ({ true: true, false: false })[String(written)];

function matching(pattern: RegExp): Read<string> {
  return text((written) => pattern.test(written));
}

const NAME = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?';

const LABEL = '[a-z]([-a-z0-9]{0,61}[a-z0-9])?';

const CHECKS = checkNames.join('|');

const LIFETIME = /^[1-9]\d{0,5}[smhd]$/;

/** Longer than a timer can be set is of no use either. */
const MAX_TIMER_MS = 7 * 86_400_000;

const readers: { readonly [name in SettingName]-?: Read<NonNullable<Settings[name]>> } = {
  config: some,
  kubeconfig: some,
  namespaces: some,
  profiles: some,
  kubernetes: text((written) => parseVersion(written) !== undefined),
  configMapKeys: yesOrNo,
  events: yesOrNo,
  checks: matching(new RegExp(`^(none|(${CHECKS})(,(${CHECKS}))*)$`)),
  auditInterval: (written) => interval(written === 0 ? '0' : written),
  host: some,
  port: whole(0, 65_535),
  adminPort: whole(0, 65_535),
  tlsDir: some,
  tlsSecret: matching(new RegExp(`^${NAME}/${NAME}$`)),
  webhookConfiguration: matching(new RegExp(`^${NAME}$`)),
  service: matching(new RegExp(`^${LABEL}\\.${LABEL}$`)),
  leafLifetime: matching(LIFETIME),
  caLifetime: matching(LIFETIME),
  clientCa: some,
  clientNames: matching(/^[^,]+(,[^,]+)*$/),
  drainSeconds: whole(0, 3600),
  logLevel: (written) => logLevels.find((level) => level === written),
};

const interval = text(
  (written) => written === '0' || (LIFETIME.test(written) && millisecondsOf(written) <= MAX_TIMER_MS),
);

export type ReadSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly wrong: ReadonlySet<SettingName> };

/** The settings that were given, and the standard for all others; or which of them are not what they must be. */
export function readSettings(given: ReadonlyMap<SettingName, Written>): ReadSettings {
  const read = [...given].map(([name, written]) => [name, readers[name](written)] as const);
  const wrong = read.filter(([, value]) => value === undefined).map(([name]) => name);
  if (wrong.length > 0) return { ok: false, wrong: new Set(wrong) };
  // Each value comes from the reader of its own name, and that one's type is the setting's.
  return { ok: true, settings: { ...standardSettings, ...(Object.fromEntries(read) as Partial<Settings>) } };
}

interface SettingRow {
  /** What stands in the place of the value in `--help`. */
  readonly placeholder: string;
  /** What a value must be, in words that follow "must be". */
  readonly expected: string;
  readonly description: string;
}

/** A row per setting: flag, environment variable, key in the configuration file, `--help` and the reference follow from it. */
export const settingRows: { readonly [name in SettingName]: SettingRow } = {
  config: {
    placeholder: 'FILE',
    expected: 'a file',
    description: 'Configuration file (YAML): any of these settings by its camelCase name, and cluster-wide `defaults`.',
  },
  kubeconfig: {
    placeholder: 'FILE',
    expected: 'a file',
    description: 'Kubeconfig of the cluster whose namespaces count. In a pod, its service account is found without it.',
  },
  namespaces: {
    placeholder: 'FILE',
    expected: 'a file',
    description: 'Namespace manifests (YAML) to go by instead of a cluster.',
  },
  profiles: {
    placeholder: 'DIR',
    expected: 'a directory',
    description:
      'Directory of AgentProfile documents (*.yaml, *.yml) beside the built-in ones. Read again when something in it changes.',
  },
  kubernetes: {
    placeholder: 'VERSION',
    expected: 'a version such as 1.36 (in a file: in quotes)',
    description: 'Version of the API server to go by, instead of asking it.',
  },
  configMapKeys: {
    placeholder: 'true|false',
    expected: 'true or false',
    description:
      'Whether to know the names of the keys of all ConfigMaps, so that variables which come by envFrom can be added to.',
  },
  events: {
    placeholder: 'true|false',
    expected: 'true or false',
    description: 'Whether to write Events on the workloads whose pods were injected, or should have been.',
  },
  checks: {
    placeholder: 'NAMES',
    expected: 'claims, quotas, both with a comma between, or none',
    description:
      'What to watch in the cluster so that no pod is changed in a way that keeps it from starting: claims (and where their volumes are), quotas (and LimitRanges).',
  },
  auditInterval: {
    placeholder: 'DURATION',
    expected: '0 (never), or a number of s, m, h or d up to 7d, such as 10m',
    description:
      'How often to go through the pods of the cluster and count those that should carry an agent and do not, for the metrics. 0: never.',
  },
  host: {
    placeholder: 'ADDRESS',
    expected: 'an address',
    description: 'Address that both ports listen on.',
  },
  port: {
    placeholder: 'NUMBER',
    expected: 'a port from 0 to 65535 (0: any free one)',
    description: 'HTTPS port that the API server calls.',
  },
  adminPort: {
    placeholder: 'NUMBER',
    expected: 'a port from 0 to 65535 (0: any free one)',
    description: 'Plain HTTP port of /livez, /readyz and /metrics.',
  },
  tlsDir: {
    placeholder: 'DIR',
    expected: 'a directory',
    description:
      'Directory of tls.crt and tls.key. An empty one is filled with a fresh CA (ca.crt) and a certificate for localhost.',
  },
  tlsSecret: {
    placeholder: 'NAMESPACE/NAME',
    expected: 'NAMESPACE/NAME',
    description:
      'Secret for a CA and a certificate that the replicas make, share and renew by themselves, instead of a directory.',
  },
  webhookConfiguration: {
    placeholder: 'NAME',
    expected: 'the name of a MutatingWebhookConfiguration',
    description: 'MutatingWebhookConfiguration whose caBundle is kept right; nothing else in it is written.',
  },
  service: {
    placeholder: 'NAME.NAMESPACE',
    expected: 'NAME.NAMESPACE',
    description: 'Service by which the API server calls: its DNS names are in the certificate that is made.',
  },
  leafLifetime: {
    placeholder: 'DURATION',
    expected: 'a number of s, m, h or d, such as 7d',
    description: 'How long a certificate made for --tls-secret is valid; it is renewed after two thirds of that.',
  },
  caLifetime: {
    placeholder: 'DURATION',
    expected: 'a number of s, m, h or d, such as 365d',
    description: 'How long its CA is valid, likewise. At least three times the lifetime of a certificate.',
  },
  clientCa: {
    placeholder: 'FILE',
    expected: 'a file',
    description:
      'CA certificates (PEM): only callers with a client certificate of theirs get in. The admin port stays open.',
  },
  clientNames: {
    placeholder: 'NAMES',
    expected: 'names, separated by commas',
    description: 'Common or DNS names, separated by commas: a client certificate must have one of them.',
  },
  drainSeconds: {
    placeholder: 'NUMBER',
    expected: 'a whole number of seconds from 0 to 3600',
    description: 'How long to go on answering after SIGTERM, while the cluster learns that this replica is going.',
  },
  logLevel: {
    placeholder: 'LEVEL',
    expected: 'debug, info, warn, error or silent',
    description: 'Least level that is logged. Each decision is one line of level info.',
  },
};

/** Every setting's name, in the order of the table. */
// Object.keys gives string[]; these are just the keys of the table above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const settingNames = Object.keys(settingRows) as readonly SettingName[];

/** `adminPort` → `admin-port`, the flag without its dashes. */
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `adminPort` → `AGENT_INJECTOR_ADMIN_PORT`. */
export function variableOf(name: string): string {
  return `AGENT_INJECTOR_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `7d` → milliseconds; `0` is 0. */
export function millisecondsOf(duration: string): number {
  if (duration === '0') return 0;
  return Number.parseInt(duration, 10) * (UNITS[duration.at(-1) ?? ''] ?? Number.NaN);
}
