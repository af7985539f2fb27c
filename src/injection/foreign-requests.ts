import { annotationsOf, labelsOf } from '../kubernetes/pod.ts';
import { splitList } from '../lib/text.ts';
import { type AgentRequest, agentRequests } from '../settings/agent-requests.ts';
import type { Reason } from '../reasons/reason.ts';
import type { SettingSources } from '../settings/resolve.ts';

type ForeignRequest = Extract<Reason, { code: 'foreign-agent-requested' }>;

/** The first request for another injector's agent that goes into one of the slots of this container; undefined if there is none. */
export function foreignRequest(
  sources: Pick<SettingSources, 'pod' | 'namespace'>,
  container: string,
  slots: readonly string[],
): ForeignRequest | undefined {
  for (const request of agentRequests) {
    const slot = request.slots.find((name) => slots.includes(name));
    const at = slot === undefined ? undefined : askedBy(request, sources, container);
    if (slot !== undefined && at !== undefined)
      return { code: 'foreign-agent-requested', vendor: request.vendor, source: at, slot };
  }
  return undefined;
}

function askedBy(
  request: AgentRequest,
  sources: Pick<SettingSources, 'pod' | 'namespace'>,
  container: string,
): ForeignRequest['source'] | undefined {
  const { annotation, from, is, not, unless, each } = request;
  const { pod, namespace } = sources;
  const own = annotationsOf(pod);
  if (unless && labelsOf(pod)[unless.label] === unless.is) return undefined;
  const ofContainer = each?.replace('{container}', container);
  if (ofContainer !== undefined && textIn(own, ofContainer) !== undefined) return { from: 'pod', key: ofContainer };
  const onPod = textIn(own, annotation);
  const value = onPod ?? (from.includes('namespace') ? textIn(namespace.annotations, annotation) : undefined);
  if (value === undefined || not.includes(value) || (is && !is.includes(value))) return undefined;
  if (!isMeant(request, sources, container)) return undefined;
  return { from: onPod === undefined ? 'namespace' : 'pod', key: annotation };
}

function isMeant(
  { containers, named, from }: AgentRequest,
  { pod, namespace }: Pick<SettingSources, 'pod' | 'namespace'>,
  container: string,
): boolean {
  const lists = named.flatMap(
    (name) => annotationsOf(pod)[name] ?? (from.includes('namespace') ? (namespace.annotations[name] ?? []) : []),
  );
  const names = lists.flatMap((list) => splitList(list));
  if (names.length > 0) return names.includes(container);
  return containers === 'all' || pod.spec.containers[0]?.name === container;
}

function textIn(annotations: Readonly<Record<string, string>>, name: string): string | undefined {
  const text = annotations[name]?.trim().toLowerCase();
  return text === '' ? undefined : text;
}
