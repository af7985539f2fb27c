import { isMap, isNode, isSeq, type ParsedNode } from 'yaml';
import { templateOf, type WorkloadKind, workloadKindOf } from '../kubernetes/workload.ts';
import { pointer } from '../lib/json-patch.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { type Problem, readStream, type YamlDocument } from './yaml.ts';

/** A Kubernetes object of the file: a document of its own, or an item of a list. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty when there is none; a `generateName` counts, with `*` for the part that the API server makes up. */
  readonly name: string;
  readonly namespace: string | undefined;
  /** The line where the object starts, from 1. */
  readonly line: number;
  /** The document that holds it: an index into `Manifest.documents`. */
  readonly document: number;
  /** Where in that document: a JSON Pointer, empty for the document itself. */
  readonly pointer: string;
  readonly json: JsonObject;
}

/** A pod in the file: the object that holds it, and where. `pointer` leads to the pod, `line` stays the line of the object. */
export interface PodTemplate extends Omit<ManifestObject, 'json'> {
  /** `{metadata, spec}`: for a Pod the whole object, else the template. As untrusted as the file: its shape is for others to check. */
  readonly pod: JsonObject;
  readonly workload: WorkloadKind;
  /** The whole object that holds the pod. */
  readonly object: JsonObject;
}

/** A file of manifests, read: what it says, and all that is needed to write into it. */
export interface Manifest {
  readonly text: string;
  readonly documents: readonly YamlDocument[];
  readonly objects: readonly ManifestObject[];
  readonly templates: readonly PodTemplate[];
}

export type Parsed =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a file of manifests, YAML or JSON, with any number of documents: every object that has an `apiVersion` and a `kind`, lists opened
 * into their items, and every pod in them. What is no such object is left alone and not spoken of: kubectl will. Never throws: a text that
 * cannot be read gives every problem with its place.
 */
export function parseManifest(text: string): Parsed {
  const stream = readStream(text);
  if (!stream.ok) return { ok: false, problems: stream.error };
  const documents = stream.value;
  const objects = documents.flatMap((document, index) =>
    objectsIn({ document, index, tokens: [], value: document.json, itemOf: undefined }),
  );
  return { ok: true, manifest: { text, documents, objects, templates: objects.flatMap(templateIn) } };
}

interface Place {
  readonly document: YamlDocument;
  readonly index: number;
  readonly tokens: readonly (string | number)[];
  readonly value: Json | undefined;
  /** What the items of a typed list (`kind: DeploymentList`) may leave unsaid. */
  readonly itemOf: { readonly apiVersion: string; readonly kind: string } | undefined;
}

function objectsIn(place: Place): readonly ManifestObject[] {
  const { value, itemOf, tokens } = place;
  if (!isObject(value)) return [];
  const apiVersion = value['apiVersion'] ?? itemOf?.apiVersion;
  const kind = value['kind'] ?? itemOf?.kind;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  const items = value['items'];
  if (kind.endsWith('List') && Array.isArray(items))
    return itemsIn(items, { ...place, itemOf: itemOfList(apiVersion, kind) });
  return [
    {
      apiVersion,
      kind,
      ...identityOf(value['metadata']),
      line: lineOf(place),
      document: place.index,
      pointer: pointer(...tokens),
      json: value,
    },
  ];
}

function itemsIn(items: readonly Json[], list: Place): readonly ManifestObject[] {
  return items.flatMap((value, index) => objectsIn({ ...list, tokens: [...list.tokens, 'items', index], value }));
}

function itemOfList(apiVersion: string, kind: string): Place['itemOf'] {
  return kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -'List'.length) };
}

function identityOf(metadata: Json | undefined): Pick<ManifestObject, 'name' | 'namespace'> {
  if (!isObject(metadata)) return { name: '', namespace: undefined };
  const { name, generateName, namespace } = metadata;
  const generated = typeof generateName === 'string' ? `${generateName}*` : '';
  return {
    name: typeof name === 'string' ? name : generated,
    namespace: typeof namespace === 'string' ? namespace : undefined,
  };
}

function lineOf({ document, tokens }: Place): number {
  let node: ParsedNode | null = document.root;
  for (const token of tokens) {
    // An item that comes by an alias or a merge key has no line of its own: the nearest place above it will do.
    const child: unknown = isMap(node) || isSeq(node) ? node.get(token, true) : undefined;
    if (!isNode(child)) break;
    // Every node below the root of a parsed document is a parsed node; the library's types forget that in `get`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    node = child as ParsedNode;
  }
  return document.position(node?.range[0] ?? 0).line;
}

function templateIn({ json, ...object }: ManifestObject): readonly PodTemplate[] {
  const workload = workloadKindOf(object.apiVersion, object.kind);
  const pod = workload && templateOf(workload, json);
  if (!pod) return [];
  return [{ ...object, pointer: `${object.pointer}${pointer(...workload.template)}`, pod, workload, object: json }];
}
