import { randomUUID } from 'node:crypto';
import type { Attempt, Ending } from '../support/attempts/attempt.ts';
import type { Client } from '../support/client.ts';
import { container, type Pod, recordOf } from '../support/pod.ts';

/** What a user sees of a pod that was created, or refused. */
export interface Observed {
  readonly outcome: 'agent' | 'none' | 'refused';
  /** The reasons in the warnings, or of the refusal. */
  readonly codes: readonly string[];
  /** The reason in the record on the pod, or `injected`. */
  readonly record?: string | undefined;
  /** True if the user's text is in the pod's specification. */
  readonly hasText: boolean;
}

/** Adds our prefix to keys without one. */
export function prefixed<T>(keys: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(keys).map(([key, value]) => [key.includes('/') ? key : `agent-injector.io/${key}`, value]),
  );
}

/** The pod of an attempt. */
export function podFor({ who, id, pod = {}, sets = {}, labels = {} }: Attempt, namespace: string): Pod {
  const { owner, annotations, containers = ['app'], env, nodeName, nodeSelector } = pod;
  const controller = { apiVersion: 'batch/v1', kind: owner, name: 'forged', uid: randomUUID(), controller: true };
  const own = who === 'pods' ? { labels: prefixed(labels), annotations: prefixed(sets) } : { annotations: {} };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${id}-`,
      namespace,
      // A label of a pod is never null: only a Namespace loses one.
      ...(own as { readonly labels?: Record<string, string> }),
      annotations: { ...annotations, ...own.annotations },
      ...(owner !== undefined && { ownerReferences: [controller] }),
    },
    spec: {
      containers: containers.map((name) => container(name, env && { env })),
      ...(nodeName !== undefined && { nodeName }),
      ...(nodeSelector && { nodeSelector }),
    },
  };
}

/** Creates the pod as this user. */
export async function observe(
  user: Client,
  sent: Pod,
  { text, dryRun = false }: { text?: string; dryRun?: boolean } = {},
): Promise<Observed> {
  const query = dryRun ? '?dryRun=All' : '';
  const path = `/api/v1/namespaces/${sent.metadata?.namespace}/pods${query}`;
  const { status, body, warnings } = await user.request('POST', path, sent);
  if (status === 403) {
    const { message } = body as { readonly message: string };
    const [, refusedBy] = /denied the request: [^]*?\(([a-z-]+)\)\./.exec(message) ?? [];
    if (refusedBy === undefined) throw new Error(message);
    return { outcome: 'refused', codes: [refusedBy], hasText: false };
  }
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body).slice(0, 500)}`);
  // The API server answers with the pod.
  const created = body as Pod;
  const record = recordOf(created) as { readonly decision: string; readonly reason?: string } | undefined;
  return {
    // Each profile adds variables.
    outcome: variablesIn(created) > variablesIn(sent) ? 'agent' : 'none',
    codes: warnings.map((line) => CODE.exec(line)?.[1] ?? line),
    record: record?.reason ?? record?.decision,
    hasText: text !== undefined && JSON.stringify(created.spec).includes(text),
  };
}

const CODE = /^agent-injector: (?:(?:container \S+ )?not injected: )?([a-z-]+):/;

function variablesIn({ spec }: Pod): number {
  return spec.containers.reduce((sum, { env = [] }) => sum + env.length, 0);
}

/** The reasons of notices that a setting, a label or an owner has no effect. */
const IGNORING: ReadonlySet<string> = new Set([
  'parameter-locked',
  'setting-locked',
  'unknown-label',
  'owner-not-excluded',
]);

/** True if what was observed is this ending. */
export function isEnding(end: Ending, { outcome, codes, record, hasText }: Observed, { text }: Attempt): boolean {
  switch (end.kind) {
    case 'agent':
      return (
        outcome === 'agent' &&
        !hasText &&
        record === (end.unrecorded ? undefined : 'injected') &&
        (end.ignored === undefined
          ? codes.length === 0
          : codes.includes(end.ignored) && codes.every((code) => IGNORING.has(code)))
      );
    case 'chosen':
      return outcome === 'agent' && codes.length === 0 && record === 'injected' && hasText === (text !== undefined);
    case 'silent':
      return outcome === 'none' && codes.length === 0 && record === undefined;
    case 'none':
      return outcome === 'none' && codes.includes(end.code) === end.warned && record === end.record;
    case 'refused':
      return outcome === 'refused' && codes[0] === end.code;
  }
}

/** The code by which the ending stands in the audit log of the API server. */
export function auditedCode(end: Ending): string | undefined {
  if (end.kind === 'agent') return end.ignored;
  return end.kind === 'none' || end.kind === 'refused' ? end.code : undefined;
}
