import type { FoundKey, MigrationDraft } from '../draft.ts';
import { containerNames, type MetadataPlan, metadataOf, metadataPlace } from '../metadata-plan.ts';
import type { SourceObject } from '../model.ts';
import { enable } from '../requests.ts';
import { type Annotations, containersIn, effective, languagesAskedFor, libcIn, PREFIX } from './annotations.ts';
import { Instrumentations, openTelemetry, PRODUCT } from './instrumentations.ts';
import type { InstrumentationDraft } from './rows.ts';

/** Instrumentations become annotations of their namespace; annotations of pods and namespaces become ours. */
export function importOpenTelemetry(migration: MigrationDraft): void {
  const instrumentations = new Instrumentations(migration);
  const namespaces = migration.objects.filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1');
  for (const object of [...namespaces, ...migration.workloads]) importKeys(migration, instrumentations, object);
  for (const namespace of instrumentations.namespaces) {
    const plan = migration.plans.namespace(namespace);
    annotateAll(plan, instrumentations.ofNamespace(namespace));
    enable(migration, namespace);
  }
  instrumentations.reportUnused();
}

/** The settings for several profiles: for all of them where they have the same value, else for each. */
function annotateAll(
  plan: MetadataPlan,
  placed: readonly { readonly profile: string; readonly annotations: ReadonlyMap<string, string> }[],
): void {
  for (const name of new Set(placed.flatMap(({ annotations }) => [...annotations.keys()]))) {
    const values = new Set(placed.map(({ annotations }) => annotations.get(name)));
    for (const { profile, annotations } of placed) {
      const value = annotations.get(name);
      if (value !== undefined) plan.annotate(values.size === 1 ? name : `${name}.${profile}`, value);
    }
  }
}

/** A namespace or a pod template that has annotations of the Operator. */
interface Asking {
  readonly migration: MigrationDraft;
  readonly instrumentations: Instrumentations;
  readonly object: SourceObject;
  readonly found: readonly FoundKey<InstrumentationDraft>[];
  readonly plan: MetadataPlan;
  readonly namespace: string;
  /** Those that count. */
  readonly annotations: Annotations;
}

function importKeys(migration: MigrationDraft, instrumentations: Instrumentations, object: SourceObject): void {
  const found = migration.keysOf(openTelemetry, object, 'annotations');
  if (found.length === 0) return;
  const isNamespace = object.template === undefined;
  const namespace = isNamespace ? object.name : object.namespace;
  const place = migration.plans.namespaceObject(namespace);
  const ofNamespace = place ? metadataOf(place.json, 'annotations') : {};
  const own = Object.fromEntries(found.map(({ key, value }) => [key, value]));
  const plan = isNamespace ? migration.plans.namespace(namespace) : migration.plans.template(object);
  const annotations = isNamespace ? own : effective(ofNamespace, own);
  request({ migration, instrumentations, object, found, plan, namespace, annotations });
  enable(migration, namespace);
}

function request(asking: Asking): void {
  const { found, plan, annotations } = asking;
  const languages = languagesAskedFor(annotations);
  const profiles = languages.map((language) => profileFor(asking, language));
  if (profiles.length > 0) {
    plan.annotate('profile', profiles.join(','));
    nameContainers(asking, languages, profiles);
  } else if (found.some(({ key }) => key.startsWith(`${PREFIX}inject-`))) plan.annotate('inject', 'false');
  const libc = libcIn(annotations);
  if (libc !== undefined) plan.annotate('libc', libc);
}

/** The profile for a language; the settings of an Instrumentation that is not the namespace's own are annotations of the pod. */
function profileFor(
  { migration, instrumentations, object, plan, namespace, annotations }: Asking,
  language: string,
): string {
  const key = `${PREFIX}inject-${language}`;
  const one = instrumentations.named(annotations[key] ?? '', namespace);
  if (!one) {
    migration.lost(PRODUCT, key, metadataPlace(object, 'annotations', key), {
      why: 'the files have no Instrumentation that it is for, so no settings are carried over',
      todo: `import the Instrumentation together with this object, or annotate namespace ${namespace} with agent-injector.io/otlp-endpoint`,
    });
    return `opentelemetry-${language}`;
  }
  instrumentations.use(one, language, namespace);
  const isOwn = one === instrumentations.only(namespace);
  const placed = instrumentations.place(one, language, isOwn || object.template === undefined ? 'namespace' : 'pod');
  if (!isOwn && placed) annotateAll(plan, [placed]);
  return placed?.profile ?? `opentelemetry-${language}`;
}

function nameContainers(asking: Asking, languages: readonly string[], profiles: readonly string[]): void {
  const { plan, annotations } = asking;
  const { common, own } = containersIn(annotations, languages);
  if (common !== '') plan.annotate('containers', common);
  const isAlone = languages.length === 1 && common === '';
  for (const [index, names] of own.entries())
    if (names !== '') plan.annotate(isAlone ? 'containers' : `containers.${profiles[index] ?? ''}`, names);
  if (common === '' && own.every((names) => names === '')) withoutNames(asking, languages);
}

/** Without names, the Operator takes the first container for one language, and none for several. */
function withoutNames({ migration, object, plan }: Asking, languages: readonly string[]): void {
  const [first, second] = containerNames(object);
  if (first === undefined || second === undefined) return;
  if (languages.length === 1) {
    plan.annotate('containers', first);
    return;
  }
  const key = `${PREFIX}inject-${languages[0] ?? ''}`;
  migration.carried(PRODUCT, key, metadataPlace(object, 'annotations', key), {
    becomes:
      'each agent for each container: the Operator injects none where several languages have no names of containers',
  });
}
