import { INJECTION_MODES, type InjectionMode } from '../api/injection-switch.ts';
import { isDnsLabel, isObjectName } from '../kubernetes/names.ts';
import { POD_SECURITY_LEVELS, type PodSecurityLevel } from '../kubernetes/pod-security.ts';
import type { Result } from '../lib/result.ts';
import { lockableNames, type SettableBy, type Tenancy } from '../profiles/tenancy/policy.ts';
import { breakerDefaults, type BreakerOptions, breakerRows, type OptionRow } from './breaker-options.ts';
import { imageDefaults, type ImageOptions, imageRows } from './image-options.ts';
import { checkNames } from './checks.ts';
import * as kinds from './value-kinds.ts';

export interface ServerOptions extends BreakerOptions, ImageOptions {
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly namespaces?: string;
  readonly demo: boolean;
  readonly profiles?: string;
  readonly kubernetes?: string;
  readonly podSecurityDefault?: PodSecurityLevel;
  readonly tenancy: Tenancy['mode'];
  readonly allowedProfiles?: readonly string[];
  readonly builtInProfiles: boolean;
  readonly settableBy?: SettableBy;
  readonly configMapKeys: boolean;
  readonly events: boolean;
  readonly podLabel: boolean;
  readonly injection: InjectionMode;
  readonly switch?: string;
  readonly checks: string;
  readonly strictRequired: boolean;
  readonly revision?: string;
  readonly auditInterval: string;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  readonly adminHost?: string;
  readonly tlsDir: string;
  readonly tlsSecret?: string;
  readonly webhookConfiguration?: string;
  readonly service?: string;
  readonly register?: string;
  readonly leafLifetime: string;
  readonly caLifetime: string;
  readonly clientCa?: string;
  readonly clientNames?: string;
  readonly drainSeconds: number;
  readonly logLevel: (typeof kinds.LOG_LEVELS)[number];
}

export type OptionName = keyof ServerOptions;

export const defaultOptions: ServerOptions = {
  demo: false,
  tenancy: 'strict',
  builtInProfiles: true,
  configMapKeys: false,
  events: false,
  podLabel: true,
  injection: 'on',
  ...breakerDefaults,
  ...imageDefaults,
  checks: checkNames.join(','),
  strictRequired: false,
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

/** The default of an option, as it is written; undefined if it has none. */
export function defaultText(name: OptionName): string | undefined {
  const value = defaultOptions[name];
  return value === undefined || typeof value === 'object' ? undefined : String(value);
}

/** One row per option. Its flag, environment variable, key in the configuration file, `--help` and reference are derived from it. */
export const optionRows: { readonly [name in OptionName]-?: OptionRow<NonNullable<ServerOptions[name]>> } = {
  config: {
    ...kinds.FILE,
    description: 'Configuration file (YAML) with any of these settings by camelCase name, and cluster-wide `defaults`.',
  },
  kubeconfig: {
    ...kinds.FILE,
    description: "Kubeconfig of the cluster to read namespaces from. Default in a pod: the pod's service account.",
  },
  namespaces: { ...kinds.FILE, description: 'Use these Namespace manifests (YAML) instead of a cluster.' },
  demo: {
    ...kinds.BOOLEAN,
    description: 'Use the built-in sample namespace for every pod instead of a cluster, to try the server out.',
  },
  profiles: {
    ...kinds.DIRECTORY,
    description:
      'Directory of AgentProfile documents (*.yaml, *.yml), in addition to the built-in profiles. Reloaded when something in it changes.',
  },
  kubernetes: {
    ...kinds.KUBERNETES_VERSION,
    description: 'Assume this version of the API server instead of asking it.',
  },
  podSecurityDefault: {
    ...kinds.oneOf('LEVEL', POD_SECURITY_LEVELS),
    description:
      "The Pod Security level that the API server enforces in namespaces without the label (its PodSecurityConfiguration). Default: unknown, so a directory of the node is used only where the namespace's label allows it.",
  },
  tenancy: {
    ...kinds.oneOf('MODE', ['strict', 'open']),
    description:
      'With strict, only the cluster (`defaults`) chooses images, directories of nodes, Secrets and code, whatever a profile allows. With open, profiles alone decide who may set their parameters.',
  },
  allowedProfiles: {
    ...kinds.list('NAMES', 'names of profiles or globs (*, ?), comma-separated', /^[a-z0-9*?-]{1,53}$/),
    description:
      'Profiles that may be used in the cluster: names or globs, comma-separated. Default: all. If it does not allow the built-in default of `profile`, that default does not apply.',
  },
  builtInProfiles: {
    ...kinds.BOOLEAN,
    description:
      'Allow the built-in profiles. With false, only your own may be used; they may still extend built-in ones.',
  },
  settableBy: {
    ...kinds.levels(lockableNames),
    description:
      'Levels that may set a class of parameters or a setting, instead of those of `tenancy`: `address=cluster,claim=cluster|namespace`. No profile allows more.',
  },
  configMapKeys: {
    ...kinds.BOOLEAN,
    description:
      'Watch the key names of all ConfigMaps, so that values can be added to variables that come from envFrom.',
  },
  events: {
    ...kinds.BOOLEAN,
    description: 'Write Events on the workloads whose pods were injected, or should have been.',
  },
  podLabel: {
    ...kinds.BOOLEAN,
    description: 'Put the label agent-injector.io/injected on injected pods.',
  },
  injection: {
    ...kinds.oneOf('MODE', INJECTION_MODES),
    description:
      'Whether pods are injected. With off, none is, and required pods start without the agent unless strictRequired is on. With dry-run, decisions are only reported: in metrics, logs, warnings, audit annotations and Events.',
  },
  switch: {
    ...kinds.SECRET,
    description:
      'ConfigMap that `agent-injector stop` writes. It is watched, need not exist, and applies in addition to `injection`: the stricter of both counts.',
  },
  ...breakerRows,
  ...imageRows,
  checks: {
    ...kinds.subset('NAMES', `any of ${checkNames.join(', ')}, separated by commas, or none`, checkNames),
    description:
      'What to watch in the cluster, so that injection never keeps a pod from starting: claims (and where their volumes are attached), volumes (and StorageClasses), quotas (and LimitRanges), nodes (their versions). Comma-separated, or none.',
  },
  strictRequired: {
    ...kinds.BOOLEAN,
    description:
      'Let no pod opt out where an agent is required: the label `disabled` and `inject: "false"` have no effect there, and the pod is injected or refused.',
  },
  revision: {
    ...kinds.text('REVISION', 'a DNS label: lower-case letters, digits and dashes, at most 63', isDnsLabel),
    description:
      'Serve only namespaces whose label agent-injector.io/revision has this value. Default: only those without the label. For several releases in one cluster.',
  },
  auditInterval: {
    ...kinds.INTERVAL,
    description:
      'How often to list the pods of the cluster and count those that should have an agent but do not, for the metrics. 0: never.',
  },
  host: {
    ...kinds.text('ADDRESS', 'an address'),
    description: 'Address to listen on, for both ports unless --admin-host names another one for the admin port.',
  },
  port: { ...kinds.PORT, description: 'HTTPS port that the API server calls.' },
  adminPort: { ...kinds.PORT, description: 'Plain HTTP port of /livez, /readyz and /metrics.' },
  adminHost: {
    ...kinds.text('ADDRESS', 'an address'),
    description: 'Address to listen on for the admin port. Default: that of --host.',
  },
  tlsDir: {
    ...kinds.DIRECTORY,
    description:
      'Directory of tls.crt and tls.key. An empty one is filled with a new CA (ca.crt) and a certificate for localhost.',
  },
  tlsSecret: {
    ...kinds.SECRET,
    description:
      'Secret in which the replicas store the CA and certificate that they create and renew; replaces --tls-dir.',
  },
  webhookConfiguration: {
    ...kinds.text('NAME', 'the name of a MutatingWebhookConfiguration', isObjectName),
    description:
      'MutatingWebhookConfiguration whose caBundle is kept up to date, and with --tls-secret its paths; nothing else in it is written.',
  },
  service: {
    ...kinds.SERVICE,
    description: 'Service that the API server calls: the certificate is issued for its DNS names.',
  },
  register: {
    ...kinds.ORIGIN,
    description:
      'Address of this server, for a server outside of the cluster: it writes a webhook configuration with this address and deletes it when it stops.',
  },
  leafLifetime: {
    ...kinds.LIFETIME,
    description: 'Lifetime of a certificate issued for --tls-secret; it is renewed after two thirds of that time.',
  },
  caLifetime: {
    ...kinds.LIFETIME,
    description:
      'Lifetime of the CA for --tls-secret, also renewed after two thirds. At least three times --leaf-lifetime.',
  },
  clientCa: {
    ...kinds.FILE,
    description:
      'CA certificates (PEM): callers must present a client certificate issued by one of them. The admin port stays open.',
  },
  clientNames: {
    ...kinds.text('NAMES', 'names separated by commas', (value) => value.split(',').every((name) => name !== '')),
    description: 'Accepted client certificates: comma-separated common names or DNS names.',
  },
  drainSeconds: {
    ...kinds.integer(0, 3600, 'a whole number of seconds from 0 to 3600'),
    description: 'How long to keep answering after SIGTERM, while the cluster learns of it. With --demo, 0.',
  },
  logLevel: {
    ...kinds.oneOf('LEVEL', kinds.LOG_LEVELS),
    description: 'Lowest level that is logged. Each decision is one line of level info.',
  },
};

// Object.keys gives string[]; these are exactly the keys of the table above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const optionNames = Object.keys(optionRows) as readonly OptionName[];

/** Parses the given values and adds the defaults of all other options. The error holds the names of those that are not valid. */
export function parseOptions(
  given: ReadonlyMap<OptionName, kinds.RawValue>,
): Result<ServerOptions, ReadonlySet<OptionName>> {
  const parsed = [...given].map(([name, raw]) => [name, optionRows[name].parse(raw)] as const);
  const invalid = parsed.filter(([, value]) => value === undefined).map(([name]) => name);
  if (invalid.length > 0) return { ok: false, error: new Set(invalid) };
  // Each value was parsed by the kind in its own row, whose type is the setting's.
  const own = Object.fromEntries(parsed) as Partial<ServerOptions>;
  return { ok: true, value: { ...defaultOptions, ...(own.demo && { drainSeconds: 0 }), ...own } };
}
