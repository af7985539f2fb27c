import { key } from '../api/keys.ts';
import type { Json } from '../lib/json.ts';
import type { Profile } from '../profiles/profile.ts';
import type { AgentDraft } from './agent-draft.ts';
import type { MigrationDraft } from './draft.ts';
import { containerNames } from './metadata-plan.ts';
import type { Place, SourceObject } from './model.ts';

/** An agent that another product gives to a pod, or to the pods of a namespace. */
export interface AgentRequest {
  readonly product: string;
  readonly base: Profile;
  readonly draft: AgentDraft;
  /** What a profile that extends the base is named after. */
  readonly source: string;
}

/** The agent for one pod template. `containers`: undefined for all app containers. Its namespace is enabled, and gives no agent to other pods. */
export function requestForPod(
  migration: MigrationDraft,
  workload: SourceObject,
  { product, base, draft, source }: AgentRequest,
  containers?: readonly string[],
): void {
  const plan = migration.plans.template(workload);
  const { profile, annotations } = migration.place(draft, base, { level: 'pod', product, source });
  plan.addProfile(profile);
  for (const [name, value] of annotations) annotateFor(plan, profile, name, value);
  nameContainers(migration, workload, profile, containers);
  enable(migration, workload.namespace);
}

/** The agent for all pods of a namespace. */
export function requestForNamespace(
  migration: MigrationDraft,
  namespace: string,
  { product, base, draft, source }: AgentRequest,
): string {
  const plan = migration.plans.namespace(namespace);
  const { profile, annotations } = migration.place(draft, base, { level: 'namespace', product, source });
  plan.enable();
  plan.addProfile(profile);
  for (const [name, value] of annotations) annotateFor(plan, profile, name, value);
  return profile;
}

/** The agents for all pods of a namespace with these labels, also for those that are not in the files. */
export function requestForLabels(
  migration: MigrationDraft,
  { namespace, podSelector }: { readonly namespace: string; readonly podSelector: Json },
  requests: readonly AgentRequest[],
): void {
  const parameters = new Map<string, string>();
  const profiles = requests.map(({ product, base, draft, source }) => {
    const placed = migration.place(draft, base, { level: 'namespace', product, source });
    for (const [name, value] of placed.annotations)
      parameters.set((parameters.get(name) ?? value) === value ? name : `${name}.${placed.profile}`, value);
    return placed.profile;
  });
  const [first] = requests;
  if (!first) return;
  const delivery = parameters.get('delivery');
  parameters.delete('delivery');
  migration.target(first.source, namespace, {
    profile: profiles.join(','),
    podSelector,
    ...(delivery !== undefined && { delivery }),
    ...(parameters.size > 0 && { parameters: Object.fromEntries(parameters) }),
  });
  enable(migration, namespace);
}

/** Another profile may already have given the setting another value: then it is a setting of this profile alone. */
function annotateFor(
  plan: { annotate: (name: string, value: string) => boolean },
  profile: string,
  name: string,
  value: string,
): void {
  if (!plan.annotate(name, value)) plan.annotate(`${name}.${profile}`, value);
}

/**
 * Says which containers get the profile, if they are not all app containers; `containers`: undefined for all. What is said without a name of a profile
 * holds for the other profiles of the pod, too.
 */
export function nameContainers(
  migration: MigrationDraft,
  workload: SourceObject,
  profile: string,
  containers?: readonly string[],
): void {
  const plan = migration.plans.template(workload);
  const all = containerNames(workload);
  const isAll = !containers || (containers.length === all.length && all.every((name) => containers.includes(name)));
  const ofOthers = plan.annotations.get(key('containers'));
  const text = (isAll ? all : containers).join(',');
  if (isAll && ofOthers === undefined) return;
  if (ofOthers !== text && plan.isForSeveral) plan.annotate(`containers.${profile}`, text);
  else annotateFor(plan, profile, 'containers', text);
}

/** Turns injection on for a namespace in which only some pods get an agent. */
export function enable(migration: MigrationDraft, namespace: string): void {
  const plan = migration.plans.namespace(namespace);
  plan.enable();
  if (plan.annotation('profile') === undefined) plan.annotate('profile', 'none');
}

/** A namespace that other products know by its labels. What is not in the files has only its name. */
export interface KnownNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A place in the `spec` of a resource. */
export function specPlace(object: SourceObject, ...path: readonly PropertyKey[]): Place {
  return { object, path: ['spec', ...path] };
}
