import { productNames } from '../product-names.ts';
import { isObject } from '../../lib/json.ts';
import { addVariable, addVariables, AgentDraft } from '../agent-draft.ts';
import type { FoundKey, KeyTable, MigrationDraft } from '../draft.ts';
import { metadataOf, metadataPlace, templateOf } from '../metadata-plan.ts';
import type { SourceObject } from '../model.ts';
import { enable, requestForPod } from '../requests.ts';
import { type DatadogDraft, datadogRows, deliveryFor, languages } from './rows.ts';
import { jsonIn, libraryVariables, settingsOfVariable } from './variables.ts';
import { setVersion } from './versions.ts';

export const PRODUCT = productNames.datadog;

export const datadog: KeyTable<DatadogDraft> = {
  product: PRODUCT,
  rows: datadogRows,
  prefixes: ['admission.datadoghq.com/'],
};

const LIBRARY = /^admission\.datadoghq\.com\/(?:(.+)\.)?(\w+)-lib\.(version|custom-image|config\.v1)$/;

/** The labels and annotations of one pod template. True if they ask for a library, or for none. */
export function importPod(migration: MigrationDraft, workload: SourceObject): boolean {
  const labels = migration.keysOf(datadog, workload, 'labels');
  const annotations = migration.keysOf(datadog, workload, 'annotations');
  // The label stays: it keeps Datadog away for as long as it is there.
  if (metadataOf(templateOf(workload), 'labels')['admission.datadoghq.com/enabled'] === 'false') {
    migration.plans.template(workload).annotate('inject', 'false');
    return true;
  }
  reportMode(migration, labels);
  const libraries = librariesIn(annotations);
  const common = commonDraft(migration, annotations);
  for (const [language, found] of libraries) importLibrary(migration, workload, { language, found, common });
  if (libraries.size > 0) tagsOfWorkload(migration, workload);
  return libraries.size > 0;
}

interface Library {
  readonly found: FoundKey<DatadogDraft>;
  readonly container: string | undefined;
  readonly what: string;
}

/** The annotations for each language. `all` is all of those that have a profile. */
function librariesIn(annotations: readonly FoundKey<DatadogDraft>[]): ReadonlyMap<string, readonly Library[]> {
  const libraries = new Map<string, Library[]>();
  for (const found of annotations) {
    const [, container, name = '', what = ''] = LIBRARY.exec(found.key) ?? [];
    for (const language of name === 'all' ? languages.keys() : [name])
      if (languages.has(language))
        libraries.set(language, [...(libraries.get(language) ?? []), { found, container, what }]);
  }
  return libraries;
}

/** What is for all languages. */
function commonDraft(migration: MigrationDraft, annotations: readonly FoundKey<DatadogDraft>[]): AgentDraft {
  const draft = new AgentDraft();
  for (const { key, value, at } of annotations) {
    if (key.endsWith('/apm-inject.injection-mode'))
      for (const [name, text] of deliveryFor(value)) draft.set(name, text, at);
    if (!key.endsWith('/apm-inject.tracer-configs')) continue;
    const list = jsonIn(value);
    if (Array.isArray(list)) for (const one of list) if (isObject(one)) addVariable(draft, one, at, settingsOfVariable);
    if (!Array.isArray(list))
      migration.lost(PRODUCT, key, at, { why: 'it is not a JSON list', todo: 'correct it, and import again' });
  }
  return draft;
}

interface Request {
  readonly language: string;
  readonly found: readonly Library[];
  readonly common: AgentDraft;
}

function importLibrary(migration: MigrationDraft, workload: SourceObject, { language, found, common }: Request): void {
  const base = migration.profile(languages.get(language) ?? '');
  if (!base) {
    reportMissing(migration, language, found);
    return;
  }
  const draft = new AgentDraft();
  for (const { found: one, what } of found) {
    if (what === 'custom-image') draft.set('agent-image', one.value, one.at);
    if (what === 'version') setVersion(draft, base, one.value, one.at);
    if (what === 'config.v1') importConfig(migration, draft, one);
  }
  const asking = found.filter(({ what }) => what !== 'config.v1');
  if (asking.length === 0) return;
  const containers = asking.flatMap(({ container }) => container ?? []);
  const isForAll = containers.length < asking.length;
  requestForPod(
    migration,
    workload,
    { product: PRODUCT, base, draft: draft.complete(common), source: workload.name },
    isForAll ? undefined : containers,
  );
}

/** `all` is all that have a profile. */
function reportMissing(migration: MigrationDraft, language: string, found: readonly Library[]): void {
  const own = found.find(({ found: { key } }) => !key.includes('all-lib.'));
  if (own)
    migration.lost(PRODUCT, own.found.key, own.found.at, {
      why: `there is no profile ${languages.get(language) ?? ''}`,
      todo: "keep Datadog's webhook for this pod, or write a profile: docs/add-your-own-agent.md",
    });
}

function importConfig(migration: MigrationDraft, draft: AgentDraft, { key, value, at }: FoundKey<DatadogDraft>): void {
  const read = libraryVariables(value);
  if (!read) {
    migration.lost(PRODUCT, key, at, { why: 'it is not a JSON object', todo: 'correct it, and import again' });
    return;
  }
  addVariables(draft, read.variables, at, settingsOfVariable);
  for (const field of read.unknown)
    migration.lost(PRODUCT, `${key} ${field}`, at, {
      why: `no variable of the library is known for ${field}`,
      todo: 'set its variable in the pod',
    });
}

function reportMode(migration: MigrationDraft, labels: readonly FoundKey<DatadogDraft>[]): void {
  const mode = labels.find(({ key }) => key.endsWith('/config.mode'));
  if (mode && mode.value.toLowerCase() !== 'hostip')
    migration.lost(PRODUCT, mode.key, mode.at, {
      why: `where the Datadog Agent is in mode ${mode.value} is a setting of Datadog's webhook`,
      todo: 'set agent-url: unix:///var/run/datadog/apm.socket, with a volume in the pod, or http://SERVICE.NAMESPACE:8126',
    });
}

const TAGS: readonly (readonly [tag: string, setting: string])[] = [
  ['service', 'service-name'],
  ['env', 'env'],
  ['version', 'app-version'],
];

/** Datadog takes the tags of a workload where its pods have none. */
export function tagsOfWorkload(migration: MigrationDraft, workload: SourceObject): void {
  if (workload.template?.length === 0) return;
  const ofPod = metadataOf(templateOf(workload), 'labels');
  const own = metadataOf(workload.json, 'labels');
  if (TAGS.some(([tag]) => ofPod[`tags.datadoghq.com/${tag}`] !== undefined)) return;
  for (const [tag, setting] of TAGS) {
    const key = `tags.datadoghq.com/${tag}`;
    const value = own[key];
    if (value === undefined) continue;
    migration.plans.template(workload).annotate(setting, value);
    const at = metadataPlace({ ...workload, template: undefined }, 'labels', key);
    migration.carried(PRODUCT, key, { object: workload, path: at.path }, { becomes: `\`${setting}\` of the pods` });
  }
  enable(migration, workload.namespace);
}
