import { productNames } from '../product-names.ts';
import { isObject, parsedJson } from '../../lib/json.ts';
import { addVariable, addVariables, AgentDraft } from '../agent-draft.ts';
import type { FoundKey, KeyTable, MigrationDraft } from '../draft.ts';
import { containerNames, metadataOf, metadataPlace, templateOf } from '../metadata-plan.ts';
import type { SourceObject } from '../model.ts';
import { enable, requestForPod } from '../requests.ts';
import { type DatadogDraft, datadogRows, deliveryFor, languages } from './rows.ts';
import { libraryVariables, settingsOfVariable } from './variables.ts';
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
  if (![...libraries.values()].some((found) => found.some(asksForLibrary))) {
    for (const { key, at } of annotations)
      if (/\.config\.v1$|\/apm-inject\.(tracer-configs|injection-mode)$/.test(key))
        migration.lost(PRODUCT, key, at, WITHOUT_LIBRARY);
    return false;
  }
  const common = commonDraft(migration, annotations);
  for (const [language, found] of libraries) importLibrary(migration, workload, { language, found, common });
  reportSeveral(migration, workload, libraries);
  tagsOfWorkload(migration, workload);
  return true;
}

const WITHOUT_LIBRARY = {
  why: 'the pod asks for no library that it is for',
  todo: 'name the version of a library, and import again; for the library of a target, set the variables in the pod',
} as const;

interface Library {
  readonly found: FoundKey<DatadogDraft>;
  readonly container: string | undefined;
  readonly what: string;
}

function asksForLibrary({ what }: Library): boolean {
  return what !== 'config.v1';
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
    const list = parsedJson(value);
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
  const asking = found.filter(asksForLibrary);
  if (asking.length === 0) {
    for (const { found: one } of found)
      if (!one.key.includes('all-lib.')) migration.lost(PRODUCT, one.key, one.at, WITHOUT_LIBRARY);
    return;
  }
  const draft = new AgentDraft();
  for (const { found: one, what } of found) {
    if (what === 'custom-image') draft.set('agent-image', one.value, one.at);
    if (what === 'version') setVersion(draft, base, one.value, one.at);
    if (what === 'config.v1') importConfig(migration, draft, one);
  }
  requestForPod(
    migration,
    workload,
    { product: PRODUCT, base, draft: draft.complete(common), source: workload.name },
    containersOf(asking),
  );
}

/** The containers that annotations name; undefined for all. */
function containersOf(asking: readonly Library[]): readonly string[] | undefined {
  const containers = asking.flatMap(({ container }) => container ?? []);
  return containers.length < asking.length ? undefined : containers;
}

/** A container has one library: their mount path is the same. */
function reportSeveral(
  migration: MigrationDraft,
  workload: SourceObject,
  libraries: ReadonlyMap<string, readonly Library[]>,
): void {
  const taken = new Map<string, string>();
  for (const [language, found] of libraries) {
    const profile = languages.get(language) ?? '';
    const [first, ...others] = found.filter(asksForLibrary);
    if (!first || !migration.profile(profile)) continue;
    const containers = containersOf([first, ...others]) ?? containerNames(workload);
    const before = containers.map((name) => taken.get(name)).find((name) => name !== undefined);
    const { key, at } = first.found;
    if (before !== undefined) migration.lost(PRODUCT, key, at, besides(before, profile));
    for (const name of containers) taken.set(name, taken.get(name) ?? profile);
  }
}

/** Why a library is not in a container that has another one. */
export function besides(first: string, others: string): { readonly why: string; readonly todo: string } {
  return {
    why: `a container that gets ${first} gets none of ${others}: the libraries have one mount path`,
    todo: 'name the one language of each workload',
  };
}

/** `all` is all that have a profile. */
function reportMissing(migration: MigrationDraft, language: string, found: readonly Library[]): void {
  for (const { found: own } of found)
    if (!own.key.includes('all-lib.'))
      migration.kept(PRODUCT, own.key, own.at, {
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
  const value = mode?.value.toLowerCase();
  if (mode && value !== 'hostip')
    migration.lost(PRODUCT, mode.key, mode.at, {
      why: `where the Datadog Agent is in mode ${mode.value} is a setting of Datadog's webhook`,
      todo:
        value === 'service'
          ? 'set agent-url: http://SERVICE.NAMESPACE:8126'
          : 'in `defaults` of the server, as only the cluster names directories of the node by default (settableBy.nodePath), set agent-socket-directory: /var/run/datadog, and agent-url: unix:///var/run/datadog/apm.socket',
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
