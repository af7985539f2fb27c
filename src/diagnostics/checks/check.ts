/** The result of one check. A `note` is information: nothing needs to be fixed. `unknown`: what everything else depends on could not be looked at. */
export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'note' | 'problem' | 'unknown';
  readonly message: string;
  /** What to do: a sentence, or a command after `$ `. */
  readonly hint?: string;
}

/** The groups of `check`, in the order of its output, with their titles. */
export const checkGroups = {
  cluster: 'cluster',
  server: 'server',
  configuration: 'configuration',
  certificates: 'certificates',
  namespaces: 'namespaces',
  namespace: 'this namespace',
} as const;

export type CheckGroup = keyof typeof checkGroups;

export interface GroupedCheck extends Check {
  readonly group: CheckGroup;
  /** Where the documentation tells more; absent if the check holds. */
  readonly docs?: string;
}

/** Where the documentation tells more about the checks of a name. */
const docs: Readonly<Record<string, string>> = {
  version: 'docs/reference/commands.md#commands',
  'other injectors': 'docs/reference/profiles.md#when-another-agent-is-there',
  policies: 'docs/operations.md#forbidden-by-a-policy',
  'API server': 'docs/operations.md#limit-what-the-server-can-reach',
  installed: 'docs/operations.md#what-runs',
  entries: 'docs/operations.md#the-webhook-configuration-has-drifted',
  replicas: 'docs/operations.md#no-replica-is-ready',
  releases: 'docs/operations.md#two-releases',
  'pod security': 'docs/operations.md#violates-podsecurity',
  switch: 'docs/operations.md#stop-injection',
  configuration: 'docs/reference/settings.md#settings-of-the-server',
  profiles: 'docs/operations.md#a-profile-is-broken',
  certificate: 'docs/operations.md#certificates',
  reach: 'docs/operations.md#failed-calling-webhook',
  'sample pod': 'docs/operations.md#nothing-is-injected',
  claim: 'docs/operations.md#what-is-checked-before-a-pod-is-changed',
  label: 'docs/operations.md#misspelled-injection-labels',
  audit: 'docs/operations.md#expected-but-not-injected',
};

/** Each address that a check can print: a test holds them to the documentation. */
export const checkDocs: readonly string[] = Object.values(docs);

export function inGroup(group: CheckGroup, checks: readonly Check[]): readonly GroupedCheck[] {
  return checks.map((check) => {
    const address = check.result === 'ok' ? undefined : (docs[check.name] ?? docs[check.name.split(' ')[0] ?? '']);
    return { group, ...check, ...(address !== undefined && { docs: address }) };
  });
}

/** The number of checks with a result. */
export function countOf(checks: readonly Check[], result: Check['result']): number {
  return checks.filter((one) => one.result === result).length;
}
