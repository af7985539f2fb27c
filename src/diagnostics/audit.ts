import { isOptedIn, isServedBy } from '../admission/opt-in.ts';
import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { creatorOf, workloadText } from '../kubernetes/owner.ts';
import { containersOf, type Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Profile } from '../profiles/profile.ts';
import type { ReasonCode } from '../reasons/reason.ts';
import { profileFor } from '../settings/canary.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { type AuditKind, auditPod, type PodFinding } from './audit-pod.ts';
import { type Obstacle, obstacles } from './decisions/obstacle.ts';
import { parameterValue } from './decisions/parameter-value.ts';
import { type MislabelledNamespace, restartCommand } from './findings.ts';
import type { UncreatedPods } from './uncreated-pods.ts';

export interface AuditFinding {
  readonly kind: AuditKind;
  readonly namespace: string;
  /** `Deployment/web`; absent if the finding is about namespaces. */
  readonly workload?: string;
  readonly pods: number;
  /** The reason code that the finding is about. */
  readonly reason?: ReasonCode;
  readonly message: string;
  /** A command that fixes it, to be reviewed before it is run. */
  readonly fix?: string;
}

export interface AuditReport {
  readonly pods: number;
  readonly carrying: number;
  /** Pods of which it is not known what the server would decide now. */
  readonly undecided: number;
  readonly findings: readonly AuditFinding[];
  /** Number of findings beyond `MAX_FINDINGS`. */
  readonly more: number;
}

/** Inputs of an audit. Claims as `namespace/name`; undefined if they cannot be read. */
export interface AuditInputs {
  /** The catalogue of the release that serves a namespace. */
  readonly catalogueOf: (namespace: Namespace) => Catalogue;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly claims: ReadonlySet<string> | undefined;
  /** What keeps new pods like this from being injected; undefined if nothing is known to. */
  readonly obstacleFor?: (sources: SettingSources) => Obstacle | undefined;
}

/** What a new pod has, if it is injected. */
const BY_RESTART: ReadonlySet<AuditKind> = new Set(['expected-not-injected', 'outdated']);

/** Bounds the memory of an audit and the length of its report. */
const MAX_FINDINGS = 5000;

/** Audits the pods of a cluster one at a time; retains only the findings. */
export class Audit {
  readonly #inputs: AuditInputs;
  readonly #findings = new Map<string, AuditFinding>();
  readonly #uses = new Map<string, ValueUse>();
  #pods = 0;
  #injectedPods = 0;
  #undecided = 0;
  #dropped = 0;

  constructor(inputs: AuditInputs) {
    this.#inputs = inputs;
  }

  add(pod: Pod, namespaceName: string, cluster: ClusterState): void {
    const { catalogueOf, claims, namespaces } = this.#inputs;
    const namespace = namespaces.get(namespaceName);
    const sources = namespace && { pod, namespace, catalogue: catalogueOf(namespace), cluster };
    const audited = sources && auditPod(sources, claims);
    if (!audited) return;
    this.#pods++;
    if (audited.injected.length > 0) this.#injectedPods++;
    if (audited.isUndecided) this.#undecided++;
    for (const { profile: name, container } of audited.injected) {
      const profile = profileFor(sources, name);
      if (profile) this.#countValues(sources, profile, container);
    }
    for (const finding of audited.findings) this.#record(sources, finding);
  }

  /** Adds a workload whose pods are refused, if injection is on for its namespace. What refuses them may be anything. */
  addUncreated({ namespace: name, workload, message, reason }: UncreatedPods): void {
    const namespace = this.#inputs.namespaces.get(name);
    if (!namespace || !isOptedIn(namespace) || !isServedBy(this.#inputs.catalogueOf(namespace), namespace)) return;
    const key = JSON.stringify(['not-created', name, workload]);
    if (this.#findings.size >= MAX_FINDINGS) this.#dropped++;
    else
      this.#findings.set(key, {
        kind: 'not-created',
        namespace: name,
        workload,
        pods: 0,
        ...(reason && { reason }),
        message,
      });
  }

  /** Adds a namespace whose injection label is misspelled: of its pods, the server is never asked. */
  addMislabelled({ namespace, message, fix }: MislabelledNamespace): void {
    const finding: AuditFinding = {
      kind: 'namespace-mislabelled',
      namespace,
      pods: 0,
      reason: 'namespace-not-enabled',
      message,
      ...(fix !== undefined && { fix }),
    };
    if (this.#findings.size >= MAX_FINDINGS) this.#dropped++;
    else this.#findings.set(JSON.stringify([finding.kind, namespace]), finding);
  }

  report(): AuditReport {
    const shared = [...this.#uses.values()].flatMap(valueFindings);
    return {
      pods: this.#pods,
      carrying: this.#injectedPods,
      undecided: this.#undecided,
      findings: [...this.#findings.values(), ...shared],
      more: this.#dropped,
    };
  }

  #record(sources: SettingSources, { kind, message: found, reason }: PodFinding): void {
    const { pod, namespace } = sources;
    const creator = creatorOf(pod);
    const obstacle = BY_RESTART.has(kind) ? this.#inputs.obstacleFor?.(sources) : undefined;
    const message = obstacle ? `${found}; a restart does not help: ${obstacles[obstacle]} (${obstacle})` : found;
    const workload = workloadText(pod);
    const key = JSON.stringify([kind, namespace.name, workload, message]);
    const before = this.#findings.get(key);
    if (!before && this.#findings.size >= MAX_FINDINGS) {
      this.#dropped++;
      return;
    }
    this.#findings.set(key, {
      kind,
      namespace: namespace.name,
      workload,
      pods: (before?.pods ?? 0) + 1,
      ...(reason && { reason }),
      message,
      ...(!obstacle && fixOf(kind, namespace.name, creator)),
    });
  }

  /** Counts the pods per value of a parameter that the profile declares unique to a namespace or limits to a number of instances. */
  #countValues(sources: SettingSources, profile: Profile, containerName: string): void {
    const container = containersOf(sources.pod).find(({ name }) => name === containerName);
    if (!container) return;
    for (const { name, unique } of profile.parameters.values()) {
      const value = unique && parameterValue(sources, profile, container, name);
      if (!unique || value === undefined) continue;
      const within = unique.within.map(
        (other) => `${other} ${parameterValue(sources, profile, container, other) ?? ''}`,
      );
      const label = `${name} ${value} of ${profile.name}${within.length > 0 ? ` (${within.join(', ')})` : ''}`;
      const use = this.#uses.get(label) ?? { label, maxInstances: unique.instances, pods: new Map() };
      use.pods.set(sources.namespace.name, (use.pods.get(sources.namespace.name) ?? 0) + 1);
      this.#uses.set(label, use);
    }
  }
}

const FIXED_BY_RESTART: ReadonlySet<AuditKind> = new Set(['expected-not-injected', 'outdated', 'namespace-off']);

function fixOf(kind: AuditKind, namespace: string, creator: ReturnType<typeof creatorOf>): Pick<AuditFinding, 'fix'> {
  const fix = FIXED_BY_RESTART.has(kind) ? restartCommand(namespace, creator) : undefined;
  return fix === undefined ? {} : { fix };
}

interface ValueUse {
  readonly label: string;
  readonly maxInstances: number | undefined;
  /** Number of pods by namespace. */
  readonly pods: Map<string, number>;
}

/** The part of `maxInstances` at which the finding is reported, early enough to act. */
const CROWDED = 0.9;

const MAX_NAMES = 10;

function valueFindings({ label, maxInstances, pods: byNamespace }: ValueUse): readonly AuditFinding[] {
  const pods = [...byNamespace.values()].reduce((sum, count) => sum + count, 0);
  const names = [...byNamespace.keys()].toSorted();
  const finding = (kind: AuditKind, message: string): AuditFinding => ({
    namespace: names[0] ?? '',
    pods,
    kind,
    message: `${label} ${message}`,
  });
  const list = `${names.slice(0, MAX_NAMES).join(', ')}${names.length > MAX_NAMES ? ', …' : ''}`;
  return [
    ...(names.length > 1 ? [finding('value-shared', `is used by ${names.length} namespaces: ${list}`)] : []),
    ...(maxInstances !== undefined && pods >= maxInstances * CROWDED
      ? [finding('value-crowded', `has ${pods} instances; the vendor allows ${maxInstances}`)]
      : []),
  ];
}

export interface AuditFigures {
  /** Pods that should carry an agent and do not, by namespace; namespaces without such pods are absent. */
  readonly expectedNotInjected: ReadonlyMap<string, number>;
  /** With those that have two agents in one process. */
  readonly cannotBeInjected: number;
  readonly outdated: number;
  readonly namespaceOff: number;
}

/** Audits pods like `Audit`, but retains only counts, so that it costs a server no memory. */
export class AuditCounts {
  readonly #expectedNotInjected = new Map<string, number>();
  readonly #counts = new Map<AuditKind, number>();

  add(sources: SettingSources): void {
    const kinds = new Set(auditPod(sources, undefined)?.findings.map(({ kind }) => kind));
    for (const kind of kinds) increment(this.#counts, kind);
    if (kinds.has('expected-not-injected')) increment(this.#expectedNotInjected, sources.namespace.name);
  }

  figures(): AuditFigures {
    const count = (kind: AuditKind): number => this.#counts.get(kind) ?? 0;
    return {
      expectedNotInjected: this.#expectedNotInjected,
      cannotBeInjected: count('cannot-be-injected') + count('slot-shared'),
      outdated: count('outdated'),
      namespaceOff: count('namespace-off'),
    };
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
