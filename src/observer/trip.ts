import type { Comparison } from './comparison.ts';
import type { WorkloadCount } from './census.ts';
import { MIN_PODS, MIN_SHARE } from './limits.ts';
import type { ObservedPod } from './observed-pod.ts';
import { hasRecovered, type Trouble } from './trouble.ts';

export interface Failing {
  readonly key: string;
  readonly pod: ObservedPod;
  readonly trouble: Trouble;
}

/** The pods of a workload that fail and may do so because of the agent. */
export function failingOf({ troubled }: WorkloadCount, now: number, windowMs = Infinity): readonly Failing[] {
  return [...troubled].flatMap(([key, pod]) => {
    const { trouble, createdAt } = pod;
    if (!trouble || trouble.evidence === 'none' || trouble.failedAt - createdAt > windowMs) return [];
    return hasRecovered(trouble, now) ? [] : [{ key, pod, trouble }];
  });
}

/** True where it is worth to look at other pods. */
export function isSuspicious(failing: readonly Failing[]): boolean {
  return isCertain(failing) || failing.reduce((sum, { trouble }) => sum + trouble.failures, 0) >= 2;
}

function isCertain(failing: readonly Failing[]): boolean {
  return failing.some(({ trouble }) => trouble.evidence === 'certain');
}

export interface Verdict {
  readonly phase: 'open' | 'suspected';
  readonly why: string;
}

/** Whether the agent is the cause; undefined if something speaks against it, or too few pods fail. */
export function verdictOn(
  { pods }: WorkloadCount,
  failing: readonly Failing[],
  comparison: Comparison,
): Verdict | undefined {
  const counted = failing.filter(({ trouble }) => !comparison.sickNodes.has(trouble.node));
  if (!isSuspicious(counted) || isOfOneNode(counted, comparison)) return undefined;
  const certain = counted.filter(({ trouble }) => trouble.evidence === 'certain');
  const [worst] = [...certain, ...counted];
  const what = `${counted.length} of ${pods} pods with the agent fail (${worst?.trouble.text ?? ''})`;
  if (certain.length === 0) return comparedVerdict(what, counted.length, comparison);
  const isEnough = certain.length >= MIN_PODS || certain.length / pods >= MIN_SHARE;
  return isEnough ? { phase: 'open', why: `${what}: what fails is of the agent` } : undefined;
}

/** What other pods say where those that fail do not. */
function comparedVerdict(what: string, failing: number, comparison: Comparison): Verdict | undefined {
  const { withoutFailing, withoutRunning, sameRunning } = comparison;
  // Pods with an earlier version of the agent say nothing about this one.
  if (withoutFailing > 0 || failing / (failing + sameRunning) < MIN_SHARE) return undefined;
  if (withoutRunning > 0) return { phase: 'open', why: `${what}, and ${withoutRunning} without it run` };
  return { phase: 'suspected', why: `${what}; no pod without it shows whether the agent is the cause` };
}

/** All that fail are on one node, and on another one such pods run. */
function isOfOneNode(failing: readonly Failing[], { runningOn }: Comparison): boolean {
  const nodes = new Set(failing.map(({ trouble }) => trouble.node));
  const [node = ''] = nodes;
  return nodes.size === 1 && [...runningOn].some((one) => one !== node);
}

/** The versions of profiles in the pods that fail. */
export function profilesOf(failing: readonly Failing[]): Readonly<Record<string, string>> {
  return Object.fromEntries(failing.flatMap(({ trouble }) => Object.entries(trouble.profiles)));
}
