import { productNames } from '../product-names.ts';
import { objectIn } from '../../lib/json.ts';
import type { AgentDraft } from '../agent-draft.ts';
import type { KeyTable, MigrationDraft } from '../draft.ts';
import type { SourceObject } from '../model.ts';
import { specPlace } from '../requests.ts';
import { InstrumentationDraft, LANGUAGES, languagesIn, openTelemetryRows } from './rows.ts';
import { PREFIX } from './annotations.ts';

export const PRODUCT = productNames.openTelemetry;

export const openTelemetry: KeyTable<InstrumentationDraft> = {
  product: PRODUCT,
  rows: openTelemetryRows,
  prefixes: [PREFIX],
};

export interface Instrumentation {
  readonly object: SourceObject;
  readonly draft: InstrumentationDraft;
}

type Placed = ReturnType<MigrationDraft['place']>;

/** The Instrumentations of the files, and which of them pods use. */
export class Instrumentations {
  readonly #migration: MigrationDraft;
  readonly #all: readonly Instrumentation[];
  readonly #used = new Set<Instrumentation>();
  /** The languages that pods of a namespace use with its only Instrumentation. */
  readonly #languages = new Map<string, Set<string>>();

  constructor(migration: MigrationDraft) {
    this.#migration = migration;
    this.#all = migration.objects.filter(isInstrumentation).map((object) => read(migration, object));
  }

  get namespaces(): readonly string[] {
    return [...new Set(this.#all.map(({ object }) => object.namespace))];
  }

  /** The one that `"true"` stands for. */
  only(namespace: string): Instrumentation | undefined {
    const [first, second] = this.#all.filter(({ object }) => object.namespace === namespace);
    return second ? undefined : first;
  }

  /** The one for the value of an annotation: `"true"`, `NAME` or `NAMESPACE/NAME`. */
  named(value: string, namespace: string): Instrumentation | undefined {
    if (value.toLowerCase() === 'true') return this.only(namespace);
    const [place, name] = value.includes('/') ? value.split('/', 2) : [namespace, value];
    return this.#all.find(({ object }) => object.namespace === place && object.name === name);
  }

  use(one: Instrumentation, language: string, namespace: string): void {
    this.#used.add(one);
    if (one !== this.only(namespace)) return;
    this.#languages.set(namespace, (this.#languages.get(namespace) ?? new Set()).add(language));
  }

  /** What the only one of a namespace says, for the languages of its pods; for those of its own fields, or all, if the files have no such pods. */
  ofNamespace(namespace: string): readonly Placed[] {
    const only = this.only(namespace);
    if (!only) return [];
    this.#used.add(only);
    const used = [...(this.#languages.get(namespace) ?? languagesIn(objectIn(only.object.json, 'spec')))];
    return (used.length > 0 ? used : LANGUAGES).flatMap((language) => this.place(only, language, 'namespace') ?? []);
  }

  place({ object, draft }: Instrumentation, language: string, level: 'namespace' | 'pod'): Placed | undefined {
    const base = this.#migration.profile(`opentelemetry-${language}`);
    if (!base) return undefined;
    const agent = withProtocol(draft.of(language), base.parameters.has('otlp-protocol'));
    const { namespace } = object;
    const at = specPlace(object);
    this.#migration.reportMissing(agent, base, { product: PRODUCT, namespace, key: 'exporter.endpoint', at });
    return this.#migration.place(agent, base, { level, product: PRODUCT, source: object.name });
  }

  /** Of several Instrumentations in one namespace, each counts for the pods that name it. */
  reportUnused(): void {
    for (const one of this.#all) {
      if (this.#used.has(one)) continue;
      const why = 'it is one of several in its namespace, and no pod in the files names it';
      const todo = 'import it together with the workloads that name it';
      this.#migration.lost(PRODUCT, 'spec', specPlace(one.object), { why, todo });
    }
  }
}

/** Fields for agents that have no profile. */
const ONLY_THERE = ['go', 'apacheHttpd', 'nginx'] as const;

function isInstrumentation({ apiVersion, kind }: SourceObject): boolean {
  return kind === 'Instrumentation' && apiVersion.startsWith('opentelemetry.io/');
}

function read(migration: MigrationDraft, object: SourceObject): Instrumentation {
  const draft = new InstrumentationDraft();
  const json = objectIn(object.json, 'spec');
  migration.readFields(PRODUCT, { ...openTelemetry, on: 'Instrumentation' }, { json, at: specPlace(object) }, draft);
  // The Operator still needs it for what only the Operator has.
  if (!ONLY_THERE.some((name) => json[name] !== undefined)) migration.replace(object);
  return { object, draft };
}

/** A profile without the parameter always has the usual protocol. With it, the port of an endpoint says which one, if nothing else does. */
function withProtocol(draft: AgentDraft, hasParameter: boolean): AgentDraft {
  const { settings } = draft;
  const endpoint = settings.get('otlp-endpoint');
  if (hasParameter && endpoint && /:4317\/?$/.test(endpoint.text)) draft.set('otlp-protocol', 'grpc', endpoint.at);
  if (!hasParameter && settings.get('otlp-protocol')?.text === 'http/protobuf') settings.delete('otlp-protocol');
  return draft;
}
