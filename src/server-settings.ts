import { z } from 'zod';
import { parseVersion } from './core/cluster.ts';

const path = z.string().min(1);

function whole(minimum: number, maximum: number): z.ZodType<number, number | string> {
  const range = z.number().int().min(minimum).max(maximum);
  return z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,9}$/)
        .transform(Number),
    ])
    .pipe(range);
}

/** What may be watched of a cluster so that no pod is made to wait. */
export const checkNames = ['claims', 'quotas'] as const;
export type CheckName = (typeof checkNames)[number];

const NAME = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?';
const LABEL = '[a-z]([-a-z0-9]{0,61}[a-z0-9])?';
const lifetime = z.string().regex(/^[1-9]\d{0,5}[smhd]$/);
/** Longer than a timer can be set is of no use either. */
const LONGEST_INTERVAL_MS = 7 * 86_400_000;
const interval = z
  .union([
    z.literal(0).transform(String),
    z.literal('0'),
    lifetime.refine((text) => millisecondsOf(text) <= LONGEST_INTERVAL_MS),
  ])
  .default('0');

/** The server's settings: their types and defaults. */
export const settingsSchema = z.object({
  config: path.optional(),
  kubeconfig: path.optional(),
  namespaces: path.optional(),
  profiles: path.optional(),
  kubernetes: z
    .string()
    .refine((text) => parseVersion(text) !== undefined)
    .optional(),
  configMapKeys: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]).default(false),
  events: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]).default(false),
  checks: z
    .string()
    .regex(new RegExp(`^(none|(${checkNames.join('|')})(,(${checkNames.join('|')}))*)$`))
    .default(checkNames.join(',')),
  auditInterval: interval,
  host: z.string().min(1).default('::'),
  port: whole(0, 65_535).default(8443),
  adminPort: whole(0, 65_535).default(9090),
  tlsDir: path.default('certs'),
  tlsSecret: z
    .string()
    .regex(new RegExp(`^${NAME}/${NAME}$`))
    .optional(),
  webhookConfiguration: z
    .string()
    .regex(new RegExp(`^${NAME}$`))
    .optional(),
  service: z
    .string()
    .regex(new RegExp(`^${LABEL}\\.${LABEL}$`))
    .optional(),
  leafLifetime: lifetime.default('7d'),
  caLifetime: lifetime.default('365d'),
  clientCa: path.optional(),
  clientNames: z
    .string()
    .regex(/^[^,]+(,[^,]+)*$/)
    .optional(),
  drainSeconds: whole(0, 3600).default(10),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

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
