import { INJECTION_LABEL, ENABLED, key } from '../api/keys.ts';
import { objectIn, textIn } from '../lib/json.ts';
import type { MetadataEdit, MetadataField, NewNamespace, Place, SourceObject } from './model.ts';

/** The labels and annotations that a namespace or a pod template is to have. */
export class MetadataPlan {
  readonly labels = new Map<string, string>();
  readonly annotations = new Map<string, string>();
  /** Annotations that the author has set to another value than this. */
  readonly conflicts = new Map<string, string>();
  readonly #removed = new Map<string, readonly [MetadataField, string]>();
  readonly #own: { readonly labels: Labels; readonly annotations: Labels };

  constructor(own: { readonly labels: Labels; readonly annotations: Labels }) {
    this.#own = own;
  }

  /** Sets one of our annotations, without its prefix. What the author wrote stays. False if another request has set it to another value. */
  annotate(name: string, value: string): boolean {
    const full = key(name);
    const own = this.#own.annotations[full];
    if (own !== undefined) {
      if (own !== value) this.conflicts.set(full, value);
      return true;
    }
    const before = this.annotations.get(full) ?? value;
    this.annotations.set(full, before);
    return before === value;
  }

  /** Adds a profile to those that other requests have brought. */
  addProfile(name: string): void {
    const before = this.annotations.get(key('profile'));
    const names = before === undefined || before === 'none' ? [] : before.split(',');
    const own = this.#own.annotations[key('profile')];
    if (own !== undefined && !own.split(',').includes(name)) this.conflicts.set(key('profile'), name);
    if (own === undefined && !names.includes(name)) this.annotations.set(key('profile'), [...names, name].join(','));
  }

  /** True if several requests have brought profiles. */
  get isForSeveral(): boolean {
    return this.annotations.get(key('profile'))?.includes(',') === true;
  }

  /** The annotation as it will be. */
  annotation(name: string): string | undefined {
    return this.annotations.get(key(name)) ?? this.#own.annotations[key(name)];
  }

  enable(): void {
    if (this.#own.labels[INJECTION_LABEL] === undefined) this.labels.set(INJECTION_LABEL, ENABLED);
  }

  remove(field: MetadataField, name: string): void {
    if (this.#own[field][name] !== undefined) this.#removed.set(`${field} ${name}`, [field, name]);
  }

  keep(field: MetadataField, name: string): void {
    this.#removed.delete(`${field} ${name}`);
  }

  get removed(): MetadataEdit['removed'] {
    return [...this.#removed.values()];
  }

  get isEmpty(): boolean {
    return this.labels.size + this.annotations.size + this.#removed.size === 0;
  }
}

export type Labels = Readonly<Record<string, string>>;

/** The labels or annotations of an object or a pod template; what is not a string is left out. */
export function metadataOf(object: SourceObject['json'], field: MetadataField): Labels {
  const values = objectIn(objectIn(object, 'metadata'), field);
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])),
  );
}

export function templateOf({ json, template = [] }: SourceObject): SourceObject['json'] {
  return template.reduce((at, step) => objectIn(at, step), json);
}

/** The place of a label or an annotation of an object, or of its pod template. */
export function metadataPlace(object: SourceObject, field: MetadataField, name: string): Place {
  return { object, path: [...(object.template ?? []), 'metadata', field, name] };
}

/** The plans for all namespaces and pod templates of the files, and for namespaces that are not there. */
export class MetadataPlans {
  readonly #templates = new Map<SourceObject, MetadataPlan>();
  readonly #namespaces = new Map<string, MetadataPlan>();
  readonly #objects: ReadonlyMap<string, SourceObject>;

  constructor(objects: readonly SourceObject[]) {
    const namespaces = objects.filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1');
    this.#objects = new Map(namespaces.map((object) => [object.name, object]));
  }

  /** The object of a namespace, if it is in the files. */
  namespaceObject(name: string): SourceObject | undefined {
    return this.#objects.get(name);
  }

  namespace(name: string): MetadataPlan {
    return planIn(this.#namespaces, name, this.#objects.get(name)?.json ?? {});
  }

  template(object: SourceObject): MetadataPlan {
    return planIn(this.#templates, object, templateOf(object));
  }

  edits(): readonly MetadataEdit[] {
    const namespaces = [...this.#namespaces].flatMap(([name, plan]) => {
      const object = this.#objects.get(name);
      return object ? [editOf({ object, path: [] }, plan)] : [];
    });
    const templates = [...this.#templates].map(([object, plan]) =>
      editOf({ object, path: object.template ?? [] }, plan),
    );
    return [...namespaces, ...templates].filter(
      ({ labels, annotations, removed }) => labels.size + annotations.size + removed.length > 0,
    );
  }

  /** Annotations of the authors that say something else than what is imported. */
  conflicts(): readonly { readonly at: Place; readonly key: string; readonly value: string }[] {
    const namespaces = [...this.#namespaces].flatMap(([name, plan]) => {
      const object = this.#objects.get(name);
      return object ? [[object, plan] as const] : [];
    });
    return [...namespaces, ...this.#templates].flatMap(([object, plan]) =>
      [...plan.conflicts].map(([name, value]) => ({
        at: metadataPlace(object, 'annotations', name),
        key: name,
        value,
      })),
    );
  }

  newNamespaces(): readonly NewNamespace[] {
    return [...this.#namespaces]
      .filter(([name, plan]) => !this.#objects.has(name) && !plan.isEmpty)
      .map(([name, { labels, annotations }]) => ({
        name,
        labels: Object.fromEntries(labels),
        annotations: Object.fromEntries(annotations),
      }));
  }
}

function planIn<Key>(plans: Map<Key, MetadataPlan>, of: Key, json: SourceObject['json']): MetadataPlan {
  const plan =
    plans.get(of) ??
    new MetadataPlan({ labels: metadataOf(json, 'labels'), annotations: metadataOf(json, 'annotations') });
  plans.set(of, plan);
  return plan;
}

function editOf(place: Place, { labels, annotations, removed }: MetadataPlan): MetadataEdit {
  return { ...place, labels, annotations, removed };
}

/** The names of the app containers and of the init containers of a template. */
export function containerNames(
  object: SourceObject,
  list: 'containers' | 'initContainers' = 'containers',
): readonly string[] {
  const containers = objectIn(templateOf(object), 'spec')[list];
  if (!Array.isArray(containers)) return [];
  return containers.map((one: SourceObject['json']) => textIn(one, 'name'));
}
