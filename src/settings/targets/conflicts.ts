import { byPrecedence, type Target, targetText } from './target.ts';
import { canShare, labelDemands, type LabelDemands } from './label-demands.ts';

/** Targets that are compared with one, and winners that are named: enough to say where to look. */
const MAX_COMPARED = 500;

const MAX_WINNERS = 3;

/** The targets that come before each one and can select the same pod, as `AgentTarget shop/java`. */
export interface Conflicts {
  readonly winners: ReadonlyMap<Target, readonly string[]>;
  readonly groups: ReadonlyMap<string, Group>;
}

/** Of one namespace, or of the cluster. */
interface Group {
  readonly targets: readonly Target[];
  readonly winners: ReadonlyMap<Target, readonly string[]>;
}

/**
 * Finds the conflicts of all targets, those of namespaces that are as `before` without looking. Whether there is a pod that both select does not
 * matter. Only targets of one kind are compared: an AgentTarget always comes before a ClusterAgentTarget, as an annotation of the pod before one of
 * the namespace. Yields after each target, so that a server can do other work: who may edit a namespace decides how many there are.
 */
export function* conflictsIn(targets: readonly Target[], before?: Conflicts): Generator<void, Conflicts> {
  const groups = new Map<string, Group>();
  for (const [id, of] of grouped(targets)) {
    const known = before?.groups.get(id);
    const isSame = known?.targets.length === of.length && known.targets.every((target, index) => target === of[index]);
    groups.set(id, isSame ? known : { targets: of, winners: yield* conflictsAmong(of) });
  }
  return { groups, winners: new Map([...groups.values()].flatMap(({ winners }) => [...winners])) };
}

function grouped(targets: readonly Target[]): ReadonlyMap<string, readonly Target[]> {
  const groups = new Map<string, Target[]>();
  for (const target of targets) {
    const id = target.namespace ?? '';
    const group = groups.get(id) ?? [];
    group.push(target);
    groups.set(id, group);
  }
  return groups;
}

interface Ranked {
  readonly target: Target;
  readonly pod: LabelDemands;
  readonly namespace: LabelDemands;
}

function* conflictsAmong(targets: readonly Target[]): Generator<void, Group['winners']> {
  const found = new Map<Target, readonly string[]>();
  const before: Ranked[] = [];
  for (const target of targets.toSorted(byPrecedence)) {
    const one = { target, pod: labelDemands(target.podSelector), namespace: labelDemands(target.namespaceSelector) };
    const winners = winnersOver(one, before);
    if (winners.length > 0) found.set(target, winners);
    if (before.length < MAX_COMPARED) before.push(one);
    yield;
  }
  return found;
}

function winnersOver(one: Ranked, before: readonly Ranked[]): readonly string[] {
  const winners: string[] = [];
  for (const other of before) {
    if (!canShare(one.pod, other.pod) || !canShare(one.namespace, other.namespace)) continue;
    winners.push(targetText(other.target));
    if (winners.length === MAX_WINNERS) break;
  }
  return winners;
}
