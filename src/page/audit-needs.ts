import type { AuditKind } from '../diagnostics/audit-pod.ts';
import { editing, explaining } from './commands.ts';
import type { NeedKind } from './wire.ts';

type Command = (namespace: string, workload: string | undefined) => string | undefined;

interface AuditNeed {
  readonly kind: NeedKind;
  readonly docs: string;
  /** What leads to the fix, where the audit has no command. */
  readonly command: Command;
  /** What to do, where no reason says it. */
  readonly hint?: string;
  /** The finding names other namespaces. */
  readonly isOfCluster?: true;
}

/** What kind of need each kind of finding is. */
export const auditNeeds: { readonly [kind in AuditKind]: AuditNeed } = {
  'not-created': {
    kind: 'refused',
    docs: 'docs/operations.md#denied-the-request',
    command: explaining,
    hint: 'The message names the policy, the quota or the webhook that refuses the pods: change the pods, or what refuses them.',
  },
  'expected-not-injected': {
    kind: 'missing',
    docs: 'docs/operations.md#expected-but-not-injected',
    command: explaining,
    hint: 'Create the pods again.',
  },
  'cannot-be-injected': { kind: 'missing', docs: 'docs/operations.md#nothing-is-injected', command: explaining },
  'slot-shared': { kind: 'mistake', docs: 'docs/reasons.md#slot-shared', command: explaining },
  outdated: {
    kind: 'outdated',
    docs: 'docs/rollout.md',
    command: explaining,
    hint: 'Create the pods again: they get the current version of the profile.',
  },
  undecided: {
    kind: 'server',
    docs: 'docs/reference/commands.md#commands',
    command: explaining,
    hint: 'Ask for a binding of the ClusterRole agent-injector-view: with it, this page decides as the server does.',
  },
  'namespace-off': {
    kind: 'leftover',
    docs: 'docs/reasons.md#namespace-not-enabled',
    command: explaining,
    hint: 'Create the pods again to remove the agent, or label the namespace to keep it.',
  },
  'namespace-mislabelled': {
    kind: 'mistake',
    docs: 'docs/operations.md#misspelled-injection-labels',
    command: () => undefined,
  },
  'setting-ignored': {
    kind: 'mistake',
    docs: 'docs/reference/annotations.md#labels-and-annotations',
    command: editing,
  },
  'record-unproven': {
    kind: 'mistake',
    docs: 'docs/reference/annotations.md#the-status-annotation',
    command: editing,
    hint: 'Remove the annotation agent-injector.io/status from the pod template: agent-injector writes it.',
  },
  'claim-missing': {
    kind: 'mistake',
    docs: 'docs/reasons.md#claim-unusable',
    command: explaining,
    hint: 'Create the PersistentVolumeClaim that the message names, or choose another delivery.',
  },
  'value-shared': {
    kind: 'mistake',
    docs: 'docs/reference/commands.md#commands',
    command: () => undefined,
    hint: 'Give each namespace a value of its own: kubectl annotate namespace NAMESPACE agent-injector.io/PARAMETER=VALUE --overwrite',
    isOfCluster: true,
  },
  'value-crowded': {
    kind: 'mistake',
    docs: 'docs/reference/commands.md#commands',
    command: () => undefined,
    hint: 'Give some of the namespaces another value before the vendor drops instances.',
    isOfCluster: true,
  },
};
