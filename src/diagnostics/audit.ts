import type { ClusterState } from '../kubernetes/cluster-state.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { type Container, containersOf, type Pod } from '../kubernetes/pod.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Profile } from '../profiles/profile.ts';
import { builtinValues } from '../settings/builtin-values.ts';
import { parametersFor } from '../settings/parameters.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { type AuditKind, hasEnded, auditPod } from './audit-pod.ts';
import { creatorOf } from '../kubernetes/owner.ts';
import { restartCommand } from './restart-command.ts';

/** Something that an audit found: of one workload, or of several namespaces together. */
export interface AuditFinding {
  readonly kind: AuditKind;
  readonly namespace: string;
  /** `Deployment/web`; none where it is about namespaces. */
  readonly workload?: string;
  readonly pods: number;
  readonly message: string;
  /** The command that mends it, to be read before it is run. */
  readonly fix?: string;
}

export interface AuditReport {
  readonly pods: number;
  readonly carrying: number;
  readonly findings: readonly AuditFinding[];
  /** How many findings more there are than are kept. */
  readonly more: number;
}

/** What an audit goes by. Claims by `namespace/name`; undefined where they may not be read. */
export interface AuditBasis {
  readonly catalogue: Catalogue;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly claims: ReadonlySet<string> | undefined;
}

/** More than anybody reads; what is beyond is counted. */
const MAX_FINDINGS = 5000;

/** Goes through the pods of a cluster, one at a time, and keeps of each no more than what is found. */
export class Audit {
  private readonly basis: AuditBasis;
  private readonly found = new Map<string, AuditFinding>();
  private readonly uses = new Map<string, Use>();
  private pods = 0;
  private carrying = 0;
  private more = 0;

  constructor(basis: AuditBasis) {
    this.basis = basis;
  }

  /** Looks at a pod as the server would now, and at what it carries. A pod that has ended, or is about to, is passed over. */
  look(pod: Pod, namespaceName: string, cluster: ClusterState): void {
    const namespace = this.basis.namespaces.get(namespaceName);
    if (!namespace || hasEnded(pod)) return;
    this.pods++;
    const sources: SettingSources = { pod, namespace, catalogue: this.basis.catalogue, cluster };
    const { lines, seen } = auditPod(sources, this.basis.claims);
    if (lines.length > 0) this.carrying++;
    for (const line of lines) {
      const profile = sources.catalogue.profiles.get(line.profile);
      if (profile) this.use(sources, profile, line.container);
    }
    for (const { kind, message } of seen) this.add(sources, kind, message);
  }

  report(): AuditReport {
    const shared = [...this.uses.values()].flatMap(findingsOf);
    const { pods, carrying, more } = this;
    return { pods, carrying, findings: [...this.found.values(), ...shared], more };
  }

  private add({ pod, namespace }: SettingSources, kind: AuditKind, message: string): void {
    const maker = creatorOf(pod);
    const workload = maker ? `${maker.kind}/${maker.name}` : `Pod/${pod.metadata?.name ?? ''}`;
    const key = JSON.stringify([kind, namespace.name, workload, message]);
    const before = this.found.get(key);
    if (!before && this.found.size >= MAX_FINDINGS) {
      this.more++;
      return;
    }
    const mend = RESTART_MENDS.has(kind) ? restartCommand(namespace.name, maker) : undefined;
    const pods = (before?.pods ?? 0) + 1;
    this.found.set(key, {
      kind,
      namespace: namespace.name,
      workload,
      pods,
      message,
      ...(mend !== undefined && { fix: mend }),
    });
  }

  /** Counts who uses a value that the profile says belongs to one namespace, or to a number of instances. */
  private use(sources: SettingSources, profile: Profile, containerName: string): void {
    const container = containersOf(sources.pod).find(({ name }) => name === containerName);
    if (!container) return;
    for (const { name, unique } of profile.parameters.values()) {
      const value = unique && valueIn(sources, profile, container, name);
      if (!unique || value === undefined) continue;
      const within = unique.within.map((other) => `${other} ${valueIn(sources, profile, container, other) ?? ''}`);
      const key = JSON.stringify([profile.name, name, value, within]);
      const use = this.uses.get(key) ?? { profile, name, value, within, most: unique.instances, namespaces: new Map() };
      use.namespaces.set(sources.namespace.name, (use.namespaces.get(sources.namespace.name) ?? 0) + 1);
      this.uses.set(key, use);
    }
  }
}

const RESTART_MENDS: ReadonlySet<AuditKind> = new Set(['expected-not-injected', 'outdated', 'namespace-off']);

/** Who has one value of a parameter. */
interface Use {
  readonly profile: Profile;
  readonly name: string;
  readonly value: string;
  readonly within: readonly string[];
  readonly most: number | undefined;
  /** From a namespace to the number of its instances. */
  readonly namespaces: Map<string, number>;
}

/** From this part of the most on, it is time to make room. */
const CROWDED = 0.9;

function findingsOf({ profile, name, value, within, most, namespaces }: Use): readonly AuditFinding[] {
  const pods = [...namespaces.values()].reduce((sum, count) => sum + count, 0);
  const names = [...namespaces.keys()].toSorted();
  const what = `${name} ${value} of ${profile.name}${within.length > 0 ? ` (${within.join(', ')})` : ''}`;
  const base = { namespace: names[0] ?? '', pods };
  const shared: AuditFinding = {
    ...base,
    kind: 'value-shared',
    message: `${what} is used by ${names.length} namespaces: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`,
  };
  const crowded: AuditFinding = {
    ...base,
    kind: 'value-crowded',
    message: `${what} has ${pods} instances; the vendor allows ${most ?? 0}`,
  };
  return [...(names.length > 1 ? [shared] : []), ...(most !== undefined && pods >= most * CROWDED ? [crowded] : [])];
}

/** The value that a container was given: of a variable that is just this parameter, else what it would be given now. */
function valueIn(sources: SettingSources, profile: Profile, container: Container, name: string): string | undefined {
  const variable = profile.environment.find(({ operation: { kind, value } }) => {
    const [only, ...others] = 'text' in value ? value.text : [];
    return kind === 'set' && others.length === 0 && typeof only === 'object' && only.parameter === name;
  });
  const written = variable && container.env?.findLast((one) => one.name === variable.name)?.value;
  if (written !== undefined) return written;
  const { parameters } = parametersFor(sources, profile, container.name, builtinValues(sources, container));
  return parameters.ok ? parameters.value.get(name)?.text : undefined;
}
