import { annotationsOf, labelsOf } from '../kubernetes/pod.ts';
import { splitList } from '../lib/text.ts';
import { type AgentRequest, agentRequests } from '../settings/agent-requests.ts';
import type { Reason } from '../reasons/reason.ts';
import type { SettingSources } from '../settings/resolve.ts';

type Sources = Pick<SettingSources, 'pod' | 'namespace'>;

type ForeignRequest = Extract<Reason, { code: 'foreign-agent-requested' }>;

/** The first request for another injector's agent that goes into one of the slots of this container; undefined if there is none. */
export function foreignRequest(
  sources: Sources,
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

function askedBy(request: AgentRequest, sources: Sources, container: string): ForeignRequest['source'] | undefined {
  const { pod } = sources;
  const { unless, each } = request;
  if (unless && labelsOf(pod)[unless.label] === unless.is) return undefined;
  const ofContainer = each?.replace('{container}', container);
  if (ofContainer !== undefined && valueOf(annotationsOf(pod), ofContainer) !== undefined)
    return { from: 'pod', key: ofContainer };
  const source = askedForSome(request, sources);
  return source && isMeant(request, sources, container) ? source : undefined;
}

/** The annotation that asks for an agent in some container. The pod's overrides the namespace's. */
function askedForSome(
  { annotation, from, is, not }: AgentRequest,
  { pod, namespace }: Sources,
): ForeignRequest['source'] | undefined {
  const onPod = valueOf(annotationsOf(pod), annotation);
  const value = onPod ?? (from.includes('namespace') ? valueOf(namespace.annotations, annotation) : undefined);
  if (value === undefined || not.includes(value) || (is && !is.includes(value))) return undefined;
  return { from: onPod === undefined ? 'namespace' : 'pod', key: annotation };
}

function isMeant({ containers, named, from }: AgentRequest, { pod, namespace }: Sources, container: string): boolean {
  // The lists add up, and an empty one on the pod does not override the namespace's.
  const lists = named.map(
    (name) => annotationsOf(pod)[name] || (from.includes('namespace') ? namespace.annotations[name] : undefined),
  );
  const names = lists.flatMap((list = '') => splitList(list));
  if (names.length > 0) return names.includes(container);
  return containers === 'all' || pod.spec.containers[0]?.name === container;
}

function valueOf(annotations: Readonly<Record<string, string>>, name: string): string | undefined {
  const text = annotations[name]?.trim().toLowerCase();
  return text === '' ? undefined : text;
}
