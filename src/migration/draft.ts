import { PRODUCT, PROFILE_API_VERSION } from '../api/keys.ts';
import { type JsonObject, objectIn } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Profile } from '../profiles/profile.ts';
import type { AgentDraft } from './agent-draft.ts';
import { fieldsOf, isCarried, type KeyPlace, type KeyRow, rowFor, type RowMatch } from './key-row.ts';
import { MetadataPlans, metadataOf, metadataPlace, templateOf } from './metadata-plan.ts';
import type { MetadataField, Migration, Place, Remark, SourceObject } from './model.ts';
import { missingParameters, place, profileDocument } from './placement.ts';

/** The result of an import while it is made. */
export class MigrationDraft {
  readonly plans: MetadataPlans;
  readonly catalogue: Catalogue;
  readonly objects: readonly SourceObject[];
  #remarks: Remark[] = [];
  /** Places and messages of the remarks on an object. */
  readonly #known = new Map<SourceObject, Set<string>>();
  readonly #profiles = new Map<string, JsonObject>();
  readonly #targets: JsonObject[] = [];
  readonly #replaced = new Set<SourceObject>();

  constructor(objects: readonly SourceObject[], catalogue: Catalogue) {
    this.objects = objects;
    this.catalogue = catalogue;
    this.plans = new MetadataPlans(objects);
  }

  get workloads(): readonly SourceObject[] {
    return this.objects.filter(({ template }) => template !== undefined);
  }

  lost(product: string, key: string, at: Place, { why, todo }: Loss): void {
    // What is lost after all was not carried over.
    const path = JSON.stringify(at.path);
    this.#remarks = this.#remarks.filter(
      (one) =>
        one.object !== at.object || one.key !== key || one.outcome === 'lost' || JSON.stringify(one.path) !== path,
    );
    this.#add({ product, key, ...at, outcome: 'lost', message: why, todo });
  }

  /** An annotation of a pod that stays after all, since the other product is still needed for it. */
  kept(product: string, key: string, at: Place, loss: Loss): void {
    this.plans.template(at.object).keep('annotations', key);
    this.#remarks = this.#remarks.filter((one) => one.object !== at.object || one.key !== key);
    this.lost(product, key, at, loss);
  }

  carried(product: string, key: string, at: Place, { becomes, stays }: Gain): void {
    this.#add({ product, key, ...at, outcome: stays ? 'stays' : 'carried', message: becomes });
  }

  /** Two pods may lead to the same remark on a resource. */
  #add(remark: Remark): void {
    const known = this.#known.get(remark.object) ?? new Set();
    this.#known.set(remark.object, known);
    const text = JSON.stringify([remark.path, remark.message]);
    if (!known.has(text)) this.#remarks.push(remark);
    known.add(text);
  }

  /** Carries the fields of a resource over, by their rows. A field without a row is reported. */
  readFields<Target>(
    product: string,
    { rows, on }: { readonly rows: readonly KeyRow<Target>[]; readonly on: KeyPlace },
    { json, at }: { readonly json: JsonObject; readonly at: Place },
    target: Target,
  ): void {
    for (const { key, value, at: found, row, words = [] } of fieldsOf(rows, on, { json, at })) {
      if (!row) this.lost(product, key, found, unknownTo(product));
      else if (!isCarried(row)) this.lost(product, key, found, row);
      else {
        row.carry?.(value, found, target, words);
        this.carried(product, key, found, row);
      }
    }
  }

  /**
   * The keys of a product on a namespace or a pod template, with their rows. Those that are lost, stay or are not known are reported; the others are
   * for the caller, and are removed: while they are there, the pod is left to the other product.
   */
  keysOf<Target>(
    { product, rows, prefixes }: KeyTable<Target>,
    object: SourceObject,
    field: MetadataField,
  ): readonly FoundKey<Target>[] {
    const isNamespace = object.template === undefined;
    const on: KeyPlace = `${isNamespace ? 'namespace' : 'pod'} ${field === 'labels' ? 'label' : 'annotation'}`;
    return Object.entries(metadataOf(templateOf(object), field)).flatMap(([key, value]) => {
      const at = metadataPlace(object, field, key);
      const found = rowFor(rows, on, key);
      if (!found) {
        if (prefixes.some((prefix) => key.startsWith(prefix))) this.lost(product, key, at, unknownTo(product));
        return [];
      }
      if (!isCarried(found.row)) {
        this.lost(product, key, at, found.row);
        return [];
      }
      this.carried(product, key, at, found.row);
      if (found.row.stays) return [];
      if (field === 'labels' && isSelectedBy(object, key)) {
        const todo = `rename it in the selector and here: while it is there, the pod is left to ${product}`;
        this.lost(product, key, at, { why: 'it stays, because the selector of the workload needs it', todo });
      } else (isNamespace ? this.plans.namespace(object.name) : this.plans.template(object)).remove(field, key);
      return [{ ...found, key, value, at }];
    });
  }

  /** An AgentTarget for the pods of a namespace with these labels. */
  target(name: string, namespace: string, spec: JsonObject): void {
    const before = this.#targets.filter(
      ({ metadata }) => JSON.stringify(metadata) === JSON.stringify({ name: slug(name), namespace }),
    );
    const metadata = { name: before.length === 0 ? slug(name) : `${slug(name)}-${this.#targets.length}`, namespace };
    this.#targets.push({ apiVersion: PROFILE_API_VERSION, kind: 'AgentTarget', metadata, spec });
  }

  replace(object: SourceObject): void {
    this.#replaced.add(object);
  }

  profile(name: string): Profile | undefined {
    return this.catalogue.profiles.get(name);
  }

  /** What a draft says as annotations, and the name of the profile that says the rest: the base itself, or one that extends it. */
  place(
    draft: AgentDraft,
    base: Profile,
    {
      level,
      product,
      source,
    }: { readonly level: 'namespace' | 'pod'; readonly product: string; readonly source: string },
  ): { readonly profile: string; readonly annotations: ReadonlyMap<string, string> } {
    const { annotations, spec, misfits } = place(draft, base, level);
    for (const misfit of misfits) this.lost(product, String(misfit.at.path.at(-1)), misfit.at, misfit);
    return { profile: spec ? this.#addProfile(`${base.name}-${source}`, spec) : base.name, annotations };
  }

  /** Says what the agent of a pod in this namespace needs, if neither the product nor the namespace says it. */
  reportMissing(
    draft: AgentDraft,
    base: Profile,
    {
      product,
      namespace,
      key,
      at,
    }: { readonly product: string; readonly namespace: string; readonly key: string; readonly at: Place },
  ): void {
    for (const name of missingParameters(draft, base)) {
      if (this.plans.namespace(namespace).annotation(name) !== undefined) continue;
      const why = `it is not there, and without the setting ${name} a pod gets no agent`;
      this.lost(product, key, at, { why, todo: `annotate namespace ${namespace} with agent-injector.io/${name}` });
    }
  }

  /** Profiles of one content are one profile. */
  #addProfile(wanted: string, spec: JsonObject): string {
    const text = JSON.stringify(spec);
    const base = slug(wanted);
    for (let count = 1; ; count++) {
      const name = count === 1 ? base : `${base}-${count}`;
      const before = this.#profiles.get(name);
      if (before && JSON.stringify(before['spec']) === text) return name;
      if (before || this.catalogue.profiles.has(name)) continue;
      this.#profiles.set(name, profileDocument(name, spec));
      return name;
    }
  }

  result(): Migration {
    for (const { at, key, value } of this.plans.conflicts())
      this.lost(PRODUCT, key, at, {
        why: `it is there already, and stays; imported, it would be ${value}`,
        todo: 'change it if the other value is the right one',
      });
    return {
      edits: this.plans.edits(),
      namespaces: this.plans.newNamespaces(),
      profiles: [...this.#profiles.values()],
      targets: this.#targets,
      replaced: [...this.#replaced],
      remarks: this.#remarks,
    };
  }
}

/** A selector may not be changed, and the pods must have its labels. */
function isSelectedBy({ json }: SourceObject, label: string): boolean {
  const selector = objectIn(objectIn(json, 'spec'), 'selector');
  return selector[label] !== undefined || objectIn(selector, 'matchLabels')[label] !== undefined;
}

function unknownTo(product: string): Loss {
  return { why: 'this version of agent-injector does not know it', todo: `see what ${product} does with it` };
}

/** Why something could not be carried over, and what to do. */
interface Loss {
  readonly why: string;
  readonly todo: string;
}

interface Gain {
  readonly becomes: string;
  readonly stays?: true;
}

/** The keys of one product on pods and namespaces. */
export interface KeyTable<Target> {
  readonly product: string;
  readonly rows: readonly KeyRow<Target>[];
  /** What begins with one of these and has no row is reported. */
  readonly prefixes: readonly string[];
}

export interface FoundKey<Target> extends RowMatch<Target> {
  readonly key: string;
  readonly value: string;
  readonly at: Place;
}

/** The name of a profile: at most 53 characters, with a suffix, so that targets can name it. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');
}
