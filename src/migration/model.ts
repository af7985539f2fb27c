import type { JsonObject } from '../lib/json.ts';

/** An object of a manifest. The values of a Helm chart are an object of kind `Values` without a name. */
export interface SourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Its own, or the one that objects without a namespace go into. */
  readonly namespace: string;
  readonly json: JsonObject;
  /** Path to the pod template; empty for a Pod, undefined for an object without one. */
  readonly template: readonly string[] | undefined;
}

/** A place in an object of a manifest. */
export interface Place {
  readonly object: SourceObject;
  readonly path: readonly PropertyKey[];
}

/** What became of a key of another product. */
export interface Remark extends Place {
  readonly product: string;
  /** The label, annotation or field. */
  readonly key: string;
  /** `stays`: it means the same here. `lost`: it could not be carried over. */
  readonly outcome: 'carried' | 'stays' | 'lost';
  /** What it becomes, or why it could not be carried over. */
  readonly message: string;
  readonly todo?: string;
}

export type MetadataField = 'labels' | 'annotations';

/** A change of the labels and annotations of a namespace or a pod template. */
export interface MetadataEdit extends Place {
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly removed: readonly (readonly [field: MetadataField, key: string])[];
}

/** A namespace that is not in the files. */
export interface NewNamespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Migration {
  readonly edits: readonly MetadataEdit[];
  readonly namespaces: readonly NewNamespace[];
  /** AgentProfile documents, each of which extends a built-in profile. */
  readonly profiles: readonly JsonObject[];
  /** AgentTarget resources, for pods that another product selects by their labels. */
  readonly targets: readonly JsonObject[];
  /** Objects that other products read, and that the result stands in for. */
  readonly replaced: readonly SourceObject[];
  readonly remarks: readonly Remark[];
}
