import { productNames } from '../product-names.ts';
import { objectIn, parsedJson } from '../../lib/json.ts';
import { AgentDraft } from '../agent-draft.ts';
import { addResources } from '../resources.ts';
import { IN_CLEAR, isCredential } from '../credentials.ts';
import type { FoundKey, KeyTable, MigrationDraft } from '../draft.ts';
import { containerNames, metadataOf, templateOf } from '../metadata-plan.ts';
import type { SourceObject } from '../model.ts';
import { enable, requestForPod, specPlace } from '../requests.ts';
import { selectorMatches } from '../../kubernetes/label-selector.ts';
import { SkyWalkingDraft, skyWalkingRows } from './rows.ts';
import { collectorSettings } from './variables.ts';

const PRODUCT = productNames.skyWalking;

export const skyWalking: KeyTable<SkyWalkingDraft> = {
  product: PRODUCT,
  rows: skyWalkingRows,
  prefixes: [
    'strategy.skywalking.apache.org/',
    'agent.skywalking.apache.org/',
    'plugins.skywalking.apache.org/',
    'sidecar.skywalking.apache.org/',
    'optional.skywalking.apache.org',
    'optional-reporter.skywalking.apache.org',
    'bootstrap.skywalking.apache.org',
    'swck-',
  ],
};

interface SwAgent {
  readonly object: SourceObject;
  readonly draft: SkyWalkingDraft;
}

/** Labels and annotations of pods, and the SwAgent of their namespace that selects them: the last one. */
export function importSkyWalking(migration: MigrationDraft): void {
  const agents = migration.objects.filter(({ kind }) => kind === 'SwAgent').map((object) => read(migration, object));
  for (const object of migration.objects) if (object.kind === 'Namespace') importNamespace(migration, object);
  const used = new Set<SwAgent>();
  for (const workload of migration.workloads) {
    const agent = agentFor(workload, agents);
    if (importPod(migration, workload, agent?.draft) && agent) used.add(agent);
  }
  for (const one of agents) {
    if (used.has(one)) continue;
    const why = 'no pod in the files has the label swck-java-agent-injected and is selected by it';
    migration.lost(PRODUCT, 'spec', specPlace(one.object), { why, todo: 'import it together with its workloads' });
  }
}

function importNamespace(migration: MigrationDraft, object: SourceObject): void {
  const isEnabled = migration.keysOf(skyWalking, object, 'labels').some(({ value }) => value === 'enabled');
  if (isEnabled) enable(migration, object.name);
}

function agentFor(workload: SourceObject, agents: readonly SwAgent[]): SwAgent | undefined {
  const labels = metadataOf(templateOf(workload), 'labels');
  return agents.findLast(
    ({ object, draft }) => object.namespace === workload.namespace && selectorMatches(draft.selector, labels),
  );
}

function read(migration: MigrationDraft, object: SourceObject): SwAgent {
  const draft = new SkyWalkingDraft();
  const json = objectIn(object.json, 'spec');
  migration.readFields(PRODUCT, { ...skyWalking, on: 'SwAgent' }, { json, at: specPlace(object) }, draft);
  migration.replace(object);
  return { object, draft };
}

/** True if the pod gets an agent. */
function importPod(migration: MigrationDraft, workload: SourceObject, resource = new SkyWalkingDraft()): boolean {
  const labels = migration.keysOf(skyWalking, workload, 'labels');
  const annotations = migration.keysOf(skyWalking, workload, 'annotations');
  const asked = labels.find(({ key }) => key === 'swck-java-agent-injected')?.value.toLowerCase();
  if (asked === 'false') migration.plans.template(workload).annotate('inject', 'false');
  const base = migration.profile('skywalking-java');
  if (asked !== 'true' || !base) return false;
  const draft = draftOf(migration, annotations).complete(resource.agent);
  migration.reportMissing(draft, base, {
    product: PRODUCT,
    namespace: workload.namespace,
    key: 'collector.backend_service',
    at: { object: workload, path: workload.template ?? [] },
  });
  const pattern = annotations.find(({ key }) => key.endsWith('/inject.Container'))?.value ?? resource.containers;
  requestForPod(
    migration,
    workload,
    { product: PRODUCT, base, draft, source: workload.name },
    pattern === '' ? undefined : matching(workload, pattern),
  );
  return true;
}

function draftOf(migration: MigrationDraft, annotations: readonly FoundKey<SkyWalkingDraft>[]): AgentDraft {
  const draft = new AgentDraft();
  for (const found of annotations) importAnnotation(migration, draft, found);
  return draft;
}

const IS_WORD = /^[^\s"'\\$]+$/;

const OPTION = /^(?:agent|plugins)\.skywalking\.apache\.org\/(.+)$/;

function importAnnotation(migration: MigrationDraft, draft: AgentDraft, found: FoundKey<SkyWalkingDraft>): void {
  const { key, value, at } = found;
  const option = OPTION.exec(key)?.[1];
  const resources = /\/initcontainer\.resources\.(limits|requests)$/.exec(key)?.[1];
  if (key.endsWith('/initcontainer.Image')) draft.set('agent-image', value, at);
  else if (resources !== undefined) addResources(draft, { [resources]: parsedJson(value) ?? null });
  else if (option !== undefined) importOption(migration, draft, { ...found, option });
}

function importOption(
  migration: MigrationDraft,
  draft: AgentDraft,
  { key, value, at, option }: FoundKey<SkyWalkingDraft> & { readonly option: string },
): void {
  if (option === 'agent.service_name') draft.set('service-name', value, at);
  else if (option === 'collector.backend_service')
    for (const [name, text] of collectorSettings(value)) draft.set(name, text, at);
  else if (isCredential(option, value)) migration.lost(PRODUCT, key, at, IN_CLEAR);
  else if (IS_WORD.test(value)) draft.options.push(`-Dskywalking.${option}=${value}`);
  else
    migration.lost(PRODUCT, key, at, {
      why: 'its value has blanks, quotes or a $, which an option of the JVM cannot have',
      todo: "set the variable of the agent's option in the pod",
    });
}

/** Go's regular expressions for names of containers are JavaScript's in all that names need. One that is not valid selects the first container, as in SWCK. */
function matching(workload: SourceObject, pattern: string): readonly string[] {
  const names = containerNames(workload);
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch {
    return names.slice(0, 1);
  }
  return names.filter((name) => expression.test(name));
}
