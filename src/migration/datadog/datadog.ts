import { isObject, type Json, type JsonObject, objectIn, objectsIn } from '../../lib/json.ts';
import { AgentDraft } from '../agent-draft.ts';
import type { MigrationDraft } from '../draft.ts';
import { scalarText } from '../json-text.ts';
import type { Place, SourceObject } from '../model.ts';
import { type AgentRequest, requestForLabels, requestForNamespace, requestForPod } from '../requests.ts';
import { selectorMatches } from '../../kubernetes/label-selector.ts';
import { isEmptySelector, namespacesIn, OTHER_NAMESPACES, workloadsMatching } from '../selection.ts';
import { besides, datadog, importPod, PRODUCT, tagsOfWorkload } from './pods.ts';
import { DatadogDraft, languages } from './rows.ts';
import { setVersion } from './versions.ts';

/** Labels and annotations of pods; then the targets of a DatadogAgent, or of Helm values, for the pods that ask for nothing themselves. */
export function importDatadog(migration: MigrationDraft): void {
  const done = new Set(migration.workloads.filter((workload) => importPod(migration, workload)));
  for (const object of migration.objects) {
    const found = instrumentationIn(object);
    if (found) importInstrumentation(migration, found, done);
  }
}

interface Instrumentation {
  readonly json: JsonObject;
  readonly at: Place;
}

/** `spec.features.apm.instrumentation` of a DatadogAgent, `datadog.apm.instrumentation` of Helm values. The rest is not about injection. */
function instrumentationIn(object: SourceObject): Instrumentation | undefined {
  const isAgent = object.kind === 'DatadogAgent' && object.apiVersion.startsWith('datadoghq.com/');
  const path = isAgent ? ['spec', 'features', 'apm', 'instrumentation'] : ['datadog', 'apm', 'instrumentation'];
  if (!isAgent && object.kind !== 'Values') return undefined;
  const json = path.reduce((found, step) => objectIn(found, step), object.json);
  return Object.keys(json).length === 0 ? undefined : { json, at: { object, path } };
}

function importInstrumentation(
  migration: MigrationDraft,
  { json, at }: Instrumentation,
  done: Set<SourceObject>,
): void {
  const whole = new DatadogDraft();
  migration.readFields(PRODUCT, { ...datadog, on: 'DatadogAgent' }, { json, at }, whole);
  if (!whole.isEnabled) return;
  const targets = objectsIn(json, 'targets').map((one, index) => {
    const draft = new DatadogDraft();
    const place = { ...at, path: [...at.path, 'targets', index] };
    migration.readFields(PRODUCT, { ...datadog, on: 'DatadogAgent target' }, { json: one, at: place }, draft);
    draft.name ||= `target-${index + 1}`;
    draft.agent.complete(whole.agent);
    return { draft, at: place };
  });
  const rules = targets.length > 0 ? targets : [{ draft: withoutTargets(whole), at }];
  const taken = new Set(whole.disabledNamespaces);
  for (const rule of rules) applyRule(migration, rule, { done, taken });
}

function withoutTargets(whole: DatadogDraft): DatadogDraft {
  whole.name = 'instrumentation';
  if (whole.enabledNamespaces.length > 0) whole.namespaceSelector = { matchNames: whole.enabledNamespaces };
  return whole;
}

interface Applied {
  /** Workloads that an earlier rule, or their own annotations, have decided on. */
  readonly done: Set<SourceObject>;
  /** Namespaces whose pods an earlier rule has decided on, or that get no agents. */
  readonly taken: Set<string>;
}

function applyRule(
  migration: MigrationDraft,
  { draft, at }: { readonly draft: DatadogDraft; readonly at: Place },
  { done, taken }: Applied,
): void {
  const { podSelector, namespaceSelector } = draft;
  const names = namespacesOf(migration, namespaceSelector).filter((name) => !taken.has(name));
  const workloads = workloadsMatching(migration, new Set(names), podSelector).filter((one) => !done.has(one));
  const agents = agentsOf(migration, draft, at);
  if (isEmptySelector(podSelector)) {
    for (const name of names) for (const agent of agents) requestForNamespace(migration, name, agent);
    for (const name of names) taken.add(name);
  } else select(migration, { names, workloads, podSelector }, agents);
  if (!namesNamespaces(namespaceSelector))
    migration.lost(PRODUCT, 'namespaceSelector', { ...at, path: [...at.path, 'namespaceSelector'] }, OTHER_NAMESPACES);
  for (const workload of workloads) done.add(workload);
  if (agents.length > 0) for (const workload of workloads) tagsOfWorkload(migration, workload);
}

/** Pods in the files by annotations, and others by an AgentTarget. */
function select(
  migration: MigrationDraft,
  {
    names,
    workloads,
    podSelector,
  }: { readonly names: readonly string[]; readonly workloads: readonly SourceObject[]; readonly podSelector: Json },
  agents: readonly AgentRequest[],
): void {
  for (const workload of workloads) for (const agent of agents) requestForPod(migration, workload, agent);
  for (const namespace of names) requestForLabels(migration, { namespace, podSelector }, agents);
}

function namesNamespaces(selector: Json): boolean {
  const names = isObject(selector) ? selector['matchNames'] : undefined;
  return Array.isArray(names) && names.length > 0;
}

/** Names that a selector lists are namespaces, whether they are in the files or not. */
function namespacesOf(migration: MigrationDraft, selector: Json): readonly string[] {
  const names = isObject(selector) ? selector['matchNames'] : undefined;
  if (Array.isArray(names) && names.length > 0) return names.map(String);
  return namespacesIn(migration)
    .filter(({ labels }) => selectorMatches(selector, labels))
    .map(({ name }) => name);
}

/** The agents of a rule: those of the languages that it names, or of all that have a profile. */
function agentsOf(
  migration: MigrationDraft,
  { versions, agent, name }: DatadogDraft,
  at: Place,
): readonly AgentRequest[] {
  const named = Object.keys(versions);
  const agents = (named.length > 0 ? named : [...languages.keys()]).flatMap((language) => {
    const profile = languages.get(language) ?? `datadog-${language}`;
    const base = migration.profile(profile);
    if (!base) {
      const why = `there is no profile ${profile}`;
      const todo = "keep Datadog's webhook for these pods, or write a profile: docs/add-your-own-agent.md";
      if (named.length > 0) migration.lost(PRODUCT, language, at, { why, todo });
      return [];
    }
    const draft = new AgentDraft();
    setVersion(draft, base, scalarText(versions[language]), at);
    return [{ product: PRODUCT, base, draft: draft.complete(agent), source: name }];
  });
  const [first, ...others] = agents.map(({ base }) => base.name);
  if (first !== undefined && others.length > 0)
    migration.lost(PRODUCT, 'ddTraceVersions', at, besides(first, others.join(', ')));
  return agents;
}
