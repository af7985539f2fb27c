import { admit } from '../../../src/admission/admit.ts';
import { type Decision, isReported } from '../../../src/admission/decision.ts';
import { STATUS_ANNOTATION } from '../../../src/api/keys.ts';
import { type ClusterState, unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import { decodePod } from '../../../src/kubernetes/pod.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import type { Client, Reply } from '../../support/client.ts';
import type { Pod } from '../../support/pod.ts';
import type { Combination } from './combinations.ts';

/** Without any policy. */
export const BARE = 'bare';

/**
 * What the API server made of a pod, beside what the webhook decides. `beyond`: the policy left the pod as it is, and warned that this pod is beyond it.
 * `recorded`: the pod came with a record, so the policy left it alone. `other`: the pod asks for other agents only.
 */
export type Verdict =
  | { readonly kind: 'refused' | 'injected' | 'untouched' | 'recorded' | 'other' }
  | { readonly kind: 'beyond'; readonly webhook: Decision['outcome']; readonly why: string }
  | { readonly kind: 'different'; readonly webhook: string; readonly policy: string };

export interface Case {
  readonly pod: Pod;
  /** The pod as the API server makes it without a policy; undefined if it refuses the pod. */
  readonly plain: Pod | undefined;
  /** A pod that was injected is created again, which must change nothing. */
  readonly isRepeated?: boolean;
}

/** What the webhook knows in a cluster of this version that has none of the objects that it looks up. */
const CLUSTER: ClusterState = { ...unknownCluster, kubernetes: { major: 1, minor: 36 } };

export async function dryRun(client: Client, namespace: string, pod: Pod): Promise<Reply> {
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  return client.request('POST', path, { ...pod, metadata: { ...pod.metadata, namespace } });
}

export async function caseOf(client: Client, pod: Pod, isRepeated = false): Promise<Case> {
  const { status, body } = await dryRun(client, BARE, pod);
  // The API server answers 201 with a pod.
  return { pod, plain: status === 201 ? asReviewed(pod, body as Pod) : undefined, isRepeated };
}

/** The API server makes a name of `generateName` after admission. */
function asReviewed({ metadata: sent }: Pod, plain: Pod): Pod {
  const { name, ...metadata } = plain.metadata ?? {};
  return sent?.name === undefined
    ? { ...plain, metadata }
    : { ...plain, metadata: { ...metadata, ...(name !== undefined && { name }) } };
}

/** Creates the pod under the policy, and compares it with the webhook's. */
export async function judge(
  client: Client,
  combination: Combination,
  { pod, plain, isRepeated }: Case,
): Promise<Verdict> {
  const reply = await dryRun(client, combination.name, pod);
  if (plain === undefined || reply.status !== 201) return refusal(plain, reply);
  // The API server answers 201 with a pod.
  const got = reply.body as Pod;
  const warnings = warningsOf(reply);
  const isUntouched = same(got, plain);
  if (plain.metadata?.annotations?.[STATUS_ANNOTATION] !== undefined)
    return isUntouched && warnings.length === 0 ? { kind: 'recorded' } : different(plain, got, 'a record', warnings);
  const { decision, pod: decided } = webhookDecision(combination, plain);
  const [warning = ''] = warnings;
  if (isForOthers(combination, plain) && isUntouched && warnings.length === 0) return { kind: 'other' };
  if (warning.startsWith('beyond-policy') && isUntouched)
    return { kind: 'beyond', webhook: decision.outcome, why: warning.replace(/ \(.*\)$/s, '') };
  if (decision.outcome === 'injected') {
    const expected = await dryRun(client, BARE, creatable(asCreated(decided)));
    const verdict = injection(expected, got, warnings);
    return verdict.kind === 'injected' && isRepeated ? repetition(client, combination, got) : verdict;
  }
  const { code } = decision.reason;
  const isAlike = decision.outcome === 'skipped' && codeOf(warning) === (isReported(decision.reason) ? code : '');
  return isAlike && isUntouched
    ? { kind: 'untouched' }
    : different(plain, got, `${decision.outcome} ${code}`, warnings);
}

function refusal(plain: Pod | undefined, { status, body }: Reply): Verdict {
  return plain === undefined && status !== 201
    ? { kind: 'refused' }
    : {
        kind: 'different',
        webhook: plain ? 'the API server accepts the pod' : 'the API server refuses the pod',
        policy: JSON.stringify(body).slice(0, 1000),
      };
}

function injection({ status, body }: Reply, got: Pod, warnings: readonly string[]): Verdict {
  if (status !== 201) return { kind: 'different', webhook: JSON.stringify(body).slice(0, 1000), policy: 'accepted' };
  const expected = byPolicy(body as Pod);
  return same(got, expected) && warnings.length === 0
    ? { kind: 'injected' }
    : different(expected, got, 'injected', warnings);
}

async function repetition(client: Client, { name }: Combination, got: Pod): Promise<Verdict> {
  const reply = await dryRun(client, name, creatable(got));
  const again = reply.body as Pod;
  return reply.status === 201 && same(again, got) && warningsOf(reply).length === 0
    ? { kind: 'injected' }
    : different(got, again, 'injected before', warningsOf(reply));
}

/** What the policies say, without their names. */
export function warningsOf({ warnings }: Reply): readonly string[] {
  return warnings.flatMap((line) => WARNING.exec(line)?.[1] ?? []);
}

/** The code, or why the pod is beyond the policy. */
const WARNING = /agent-injector: not injected: profile [a-z0-9-]+: (.*)$/s;

/** The pod as a whole names agents, this one not among them: another policy may be for them. */
function isForOthers({ profile }: Combination, pod: Pod): boolean {
  const names = pod.metadata?.annotations?.['agent-injector.io/profile']?.split(',').map((name) => name.trim()) ?? [];
  return names.some((name) => name !== '') && !names.includes(profile.name);
}

const codeOf = (warning: string): string => /^[a-z-]*/.exec(warning)?.[0] ?? '';

function webhookDecision({ namespace, catalogue }: Combination, pod: Pod): ReturnType<typeof admit> {
  const decoded = decodePod(structuredClone(pod) as unknown as JsonObject);
  if (!decoded.ok) throw new Error(`${decoded.error.path} of a pod of the API server`);
  return admit(decoded.value, namespace, catalogue, CLUSTER);
}

/** The same JSON in the type of a client. */
function asCreated(pod: object): Pod {
  return pod as Pod;
}

/** Without what the API server sets. */
export function creatable({ metadata, spec }: Pod): Pod {
  const { name, generateName, labels, annotations, ownerReferences, finalizers } = metadata ?? {};
  // The API server makes a random name of `generateName`.
  const kept = {
    ...(generateName === undefined ? { name } : { generateName }),
    labels,
    annotations,
    ownerReferences,
    finalizers,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
    spec,
  };
}

/** The record says who has decided: the only difference. */
function byPolicy(pod: Pod): Pod {
  const text = pod.metadata?.annotations?.[STATUS_ANNOTATION];
  if (text === undefined) return pod;
  const record = text.replace('{"decision":"injected",', '{"decision":"injected","by":"policy",');
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...pod.metadata?.annotations, [STATUS_ANNOTATION]: record } },
  };
}

export function same(one: Pod, other: Pod): boolean {
  return canonical(one) === canonical(other);
}

/** JSON with sorted keys, of what a creation decides. The suffix of the token volume is random. */
export function canonical(pod: Pod): string {
  return JSON.stringify(sorted(creatable(pod))).replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<suffix>');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

function different(expected: Pod, got: Pod, decision: string, warnings: readonly string[]): Verdict {
  const [webhook, policy] = [canonical(expected), canonical(got)];
  let first = 0;
  while (first < webhook.length && webhook[first] === policy[first]) first++;
  const around = (text: string): string => text.slice(Math.max(0, first - 200), first + 300);
  return {
    kind: 'different',
    webhook: `${decision}: ${webhook === policy ? 'the same pod' : around(webhook)}`,
    policy: `${JSON.stringify(warnings)}: ${webhook === policy ? 'the same pod' : around(policy)}`,
  };
}
