import { objectIn } from '../../lib/json.ts';
import { splitList } from '../../lib/text.ts';
import type { AgentDraft } from '../agent-draft.ts';
import type { FoundKey, KeyTable, MigrationDraft } from '../draft.ts';
import { containerNames, type MetadataPlan, metadataOf, metadataPlace } from '../metadata-plan.ts';
import type { SourceObject } from '../model.ts';
import { InstrumentationDraft, LANGUAGES, languagesIn, openTelemetryRows } from './rows.ts';

const PRODUCT = 'OpenTelemetry Operator';

const PREFIX = 'instrumentation.opentelemetry.io/';

export const openTelemetry: KeyTable<InstrumentationDraft> = {
  product: PRODUCT,
  rows: openTelemetryRows,
  prefixes: [PREFIX],
};

interface Instrumentation {
  readonly object: SourceObject;
  readonly draft: InstrumentationDraft;
}

/** Instrumentations become annotations of their namespace; annotations of pods and namespaces become ours. */
export function importOpenTelemetry(migration: MigrationDraft): void {
  const instrumentations = migration.objects.filter(isInstrumentation).map((object) => read(migration, object));
  const importer = new Importer(migration, instrumentations);
  const namespaces = migration.objects.filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1');
  for (const object of namespaces) importer.namespace(object);
  for (const object of migration.workloads) importer.workload(object);
  for (const { object } of instrumentations) importer.defaults(object.namespace);
  importer.reportUnused();
}

function isInstrumentation({ apiVersion, kind }: SourceObject): boolean {
  return kind === 'Instrumentation' && apiVersion.startsWith('opentelemetry.io/');
}

function read(migration: MigrationDraft, object: SourceObject): Instrumentation {
  const draft = new InstrumentationDraft();
  const at = { object, path: ['spec'] };
  migration.readFields(PRODUCT, { ...openTelemetry, on: 'Instrumentation' }, { json: objectIn(object.json, 'spec'), at }, draft);
  migration.replace(object);
  return { object, draft };
}

type Annotations = Readonly<Record<string, string>>;

type Level = 'namespace' | 'pod';

class Importer {
  readonly #migration: MigrationDraft;
  readonly #instrumentations: readonly Instrumentation[];
  /** The languages that pods of a namespace use with its only Instrumentation. */
  readonly #languages = new Map<string, Set<string>>();
  readonly #used = new Set<Instrumentation>();

  constructor(migration: MigrationDraft, instrumentations: readonly Instrumentation[]) {
    this.#migration = migration;
    this.#instrumentations = instrumentations;
  }

  namespace(object: SourceObject): void {
    const found = this.#migration.keysOf(openTelemetry, object, 'annotations');
    if (found.length === 0) return;
    const plan = this.#migration.plans.namespace(object.name);
    plan.enable();
    this.#request(plan, 'namespace', { object, found, annotations: metadataOf(object.json, 'annotations') });
  }

  workload(object: SourceObject): void {
    const found = this.#migration.keysOf(openTelemetry, object, 'annotations');
    if (found.length === 0) return;
    const namespace = this.#migration.plans.namespace(object.namespace);
    namespace.enable();
    const place = this.#migration.plans.namespaceObject(object.namespace);
    const ofNamespace = place ? metadataOf(place.json, 'annotations') : {};
    const own = Object.fromEntries(found.map(({ key, value }) => [key, value]));
    this.#request(this.#migration.plans.template(object), 'pod', {
      object,
      found,
      annotations: effective(ofNamespace, own),
    });
  }

  /** The settings of the only Instrumentation of a namespace, and no agent for pods that ask for none. */
  defaults(namespace: string): void {
    const only = this.#only(namespace);
    if (!only) return;
    this.#used.add(only);
    const plan = this.#migration.plans.namespace(namespace);
    plan.enable();
    const used = [...(this.#languages.get(namespace) ?? languagesIn(objectIn(only.object.json, 'spec')))];
    const placed = (used.length > 0 ? used : LANGUAGES).map((language) => [language, this.#place(only, language, 'namespace')] as const);
    const names = new Set(placed.flatMap(([, one]) => [...(one?.annotations.keys() ?? [])]));
    for (const name of names) {
      const values = placed.map(([, one]) => one?.annotations.get(name));
      const [first] = values;
      if (first !== undefined && values.every((value) => value === first)) plan.annotate(name, first);
      else
        for (const [, one] of placed) {
          const value = one?.annotations.get(name);
          if (one && value !== undefined) plan.annotate(`${name}.${one.profile}`, value);
        }
    }
    if (plan.annotation('profile') === undefined) plan.annotate('profile', 'none');
  }

  /** Of several Instrumentations in one namespace, each counts for the pods that name it. */
  reportUnused(): void {
    for (const one of this.#instrumentations) {
      if (this.#used.has(one)) continue;
      const why = 'it is one of several in its namespace, and no pod in the files names it';
      const todo = 'import it together with the workloads that name it';
      this.#migration.lost(PRODUCT, 'spec', { object: one.object, path: ['spec'] }, why, todo);
    }
  }

  #request(
    plan: MetadataPlan,
    level: Level,
    { object, found, annotations }: { readonly object: SourceObject; readonly found: readonly FoundKey<InstrumentationDraft>[]; readonly annotations: Annotations },
  ): void {
    const asked = LANGUAGES.filter((language) => isAsked(annotations[`${PREFIX}inject-${language}`]));
    if (asked.length === 0) {
      if (found.some(({ key }) => key.startsWith(`${PREFIX}inject-`))) plan.annotate('inject', 'false');
    } else {
      const profiles = asked.map((language) => this.#profile(plan, { level, object, language, annotations }));
      plan.annotate('profile', profiles.join(','));
      this.#containers(plan, object, { asked, profiles, annotations });
    }
    const libc = libcIn(annotations);
    if (libc !== undefined) plan.annotate('libc', libc);
  }

  /** The profile for a language; the settings of an Instrumentation that is not the namespace's own are annotations of the pod. */
  #profile(
    plan: MetadataPlan,
    { level, object, language, annotations }: { level: Level; object: SourceObject; language: string; annotations: Annotations },
  ): string {
    const key = `${PREFIX}inject-${language}`;
    const namespace = level === 'namespace' ? object.name : object.namespace;
    const base = `opentelemetry-${language}`;
    const found = this.#named(annotations[key] ?? '', namespace);
    if (!found) {
      this.#migration.lost(
        PRODUCT,
        key,
        metadataPlace(object, 'annotations', key),
        'the files have no Instrumentation that it is for, so no settings are carried over',
        `import the Instrumentation together with this object, or annotate namespace ${namespace} with agent-injector.io/otlp-endpoint`,
      );
      return base;
    }
    this.#used.add(found);
    const isOwn = found === this.#only(namespace);
    if (isOwn) this.#languages.set(namespace, (this.#languages.get(namespace) ?? new Set()).add(language));
    const placed = this.#place(found, language, isOwn ? 'namespace' : level);
    if (!isOwn && placed) for (const [name, value] of placed.annotations) plan.annotate(name, value);
    return placed?.profile ?? base;
  }

  #containers(
    plan: MetadataPlan,
    object: SourceObject,
    { asked, profiles, annotations }: { asked: readonly string[]; profiles: readonly string[]; annotations: Annotations },
  ): void {
    const common = annotations[`${PREFIX}container-names`] ?? '';
    const own = asked.map((language) => annotations[`${PREFIX}${language}-container-names`] ?? '');
    if (common !== '') plan.annotate('containers', common);
    for (const [index, names] of own.entries()) {
      if (names === '') continue;
      plan.annotate(asked.length === 1 && common === '' ? 'containers' : `containers.${profiles[index] ?? ''}`, names);
    }
    const [first, ...others] = containerNames(object);
    if (common !== '' || own.some((names) => names !== '') || first === undefined || others.length === 0) return;
    if (asked.length === 1) plan.annotate('containers', first);
    else {
      const key = `${PREFIX}inject-${asked[0] ?? ''}`;
      this.#migration.carried(
        PRODUCT,
        key,
        metadataPlace(object, 'annotations', key),
        'each agent for each container: the Operator injects none into a pod of several containers where no annotation names them for each language',
      );
    }
  }

  #place(
    { object, draft }: Instrumentation,
    language: string,
    level: Level,
  ): ReturnType<MigrationDraft['place']> | undefined {
    const base = this.#migration.profile(`opentelemetry-${language}`);
    if (!base) return undefined;
    const agent = withoutUsualProtocol(draft.of(language), base.parameters.has('otlp-protocol'));
    return this.#migration.place(agent, base, { level, product: PRODUCT, source: object.name });
  }

  #only(namespace: string): Instrumentation | undefined {
    const [first, second] = this.#instrumentations.filter(({ object }) => object.namespace === namespace);
    return second ? undefined : first;
  }

  #named(value: string, namespace: string): Instrumentation | undefined {
    if (value.toLowerCase() === 'true') return this.#only(namespace);
    const [place, name] = value.includes('/') ? value.split('/', 2) : [namespace, value];
    return this.#instrumentations.find(({ object }) => object.namespace === place && object.name === name);
  }
}

/** The profile without the parameter always has this protocol. */
function withoutUsualProtocol(draft: AgentDraft, hasParameter: boolean): AgentDraft {
  if (!hasParameter && draft.settings.get('otlp-protocol')?.text === 'http/protobuf') draft.settings.delete('otlp-protocol');
  return draft;
}

function isAsked(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value.toLowerCase() !== 'false';
}

/** The Operator's rule: what the pod says counts, but a `"true"` leaves the choice to the namespace. */
function effective(ofNamespace: Annotations, ofPod: Annotations): Annotations {
  const keys = [...Object.keys(ofNamespace), ...Object.keys(ofPod)].filter((key) => key.startsWith(PREFIX));
  return Object.fromEntries(
    keys.map((key) => {
      const [above = '', own = ''] = [ofNamespace[key], ofPod[key]];
      const isLeft = own === '' || (own.toLowerCase() === 'true' && above !== '' && above.toLowerCase() !== 'false');
      return [key, isLeft ? above : own];
    }),
  );
}

function libcIn(annotations: Annotations): string | undefined {
  const python = annotations[`${PREFIX}otel-python-platform`];
  const dotnet = annotations[`${PREFIX}otel-dotnet-auto-runtime`];
  const [value = ''] = splitList(python ?? dotnet ?? '');
  if (value === '') return undefined;
  return value.includes('musl') ? 'musl' : 'glibc';
}
