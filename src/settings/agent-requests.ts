import requests from '../agents/tables/requests.yaml';

/** A row of tables/requests.yaml: how a pod or a namespace asks another injector for an agent. */
export interface AgentRequest {
  readonly vendor: string;
  readonly slots: readonly string[];
  readonly annotation: string;
  readonly from: readonly ('pod' | 'namespace')[];
  readonly is?: readonly string[];
  readonly not: readonly string[];
  readonly unless?: { readonly label: string; readonly is: string };
  readonly containers: 'all' | 'first';
  readonly named: readonly string[];
  /** Has {container} in it. */
  readonly each?: string;
}

const DEFAULTS = { from: ['pod'], not: [], containers: 'all', named: [] } as const;

// A test holds the table to this type: the server loads no schema library for it.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const agentRequests: readonly AgentRequest[] = (requests as readonly AgentRequest[]).map((row) => ({
  ...DEFAULTS,
  ...row,
}));

const ANNOTATIONS: ReadonlySet<string> = new Set(
  agentRequests.flatMap(({ annotation, named }) => [annotation, ...named]),
);

const LABELS: ReadonlySet<string> = new Set(agentRequests.flatMap(({ unless }) => unless?.label ?? []));

/** What stands behind the name of a container, in annotations for one container, by what stands before it: one text for most keys to compare with. */
const AROUND: ReadonlyMap<string, readonly string[]> = agentRequests.reduce((all, { each }) => {
  const [before, behind] = each?.split('{container}') ?? [];
  return before === undefined || behind === undefined ? all : all.set(before, [...(all.get(before) ?? []), behind]);
}, new Map<string, readonly string[]>());

/** True for an annotation of a namespace that may ask for an agent, or name containers for one. */
export function isRequestAnnotation(name: string): boolean {
  return ANNOTATIONS.has(name);
}

/** True for a label or an annotation of a pod that is part of such a request. */
export function isRequestKey(name: string): boolean {
  if (ANNOTATIONS.has(name) || LABELS.has(name)) return true;
  for (const [before, behinds] of AROUND)
    if (name.startsWith(before) && behinds.some((behind) => name.endsWith(behind))) return true;
  return false;
}
