import * as z from 'zod';
import requests from '../agents/tables/requests.yaml';

const agentRequestSchema = z.strictObject({
  vendor: z.string(),
  slots: z.array(z.string()).min(1),
  annotation: z.string(),
  from: z.array(z.enum(['pod', 'namespace'])).default(['pod']),
  is: z.array(z.string()).optional(),
  not: z.array(z.string()).default([]),
  unless: z.strictObject({ label: z.string(), is: z.string() }).optional(),
  containers: z.enum(['all', 'first']).default('all'),
  named: z.array(z.string()).default([]),
  each: z.string().includes('{container}').optional(),
});

/** A row of tables/requests.yaml: how a pod or a namespace asks another injector for an agent. */
export type AgentRequest = Readonly<z.infer<typeof agentRequestSchema>>;

export const agentRequests: readonly AgentRequest[] = z.array(agentRequestSchema).parse(requests);

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
