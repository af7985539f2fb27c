import type { ClusterState } from '../kubernetes/cluster-state.ts';
import { templateOf, type WorkloadKind, workloadKindOf } from '../kubernetes/workload.ts';
import { pointer } from '../lib/json-patch.ts';
import { isObject, type Json, type JsonObject, objectIn } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import { positionOf } from './locate.ts';
import { type SyntaxProblem, readStream, type YamlDocument } from './yaml.ts';

/** A Kubernetes object in a file: a whole document, or an item of a list. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** A `generateName` ends in `*`, for the suffix that the API server adds. Empty without either. */
  readonly name: string;
  readonly namespace: string | undefined;
  readonly line: number;
  readonly document: number;
  /** JSON Pointer within that document; empty for the whole document. */
  readonly pointer: string;
  readonly json: JsonObject;
}

/** A pod in a file. `pointer` leads to the pod; `line` is the line of the object that contains it. */
export interface PodTemplate extends Omit<ManifestObject, 'json'> {
  /** `{metadata, spec}`: a Pod itself, or the template of a workload. Not validated. */
  readonly pod: JsonObject;
  readonly workload: WorkloadKind;
  readonly object: JsonObject;
}

export interface Manifest {
  readonly text: string;
  readonly documents: readonly YamlDocument[];
  readonly objects: readonly ManifestObject[];
  readonly templates: readonly PodTemplate[];
}

/** What a manifest tells of the cluster that it is for: a kind that only OpenShift has, such as a Route or a DeploymentConfig. */
export function clusterFor({ objects }: Pick<Manifest, 'objects'>, cluster: ClusterState): ClusterState {
  const isForOpenShift = objects.some(({ apiVersion }) => /^(?:[a-z]+\.)+openshift\.io\//.test(apiVersion));
  return isForOpenShift ? { ...cluster, openShift: true } : cluster;
}

/**
 * Parses manifests, YAML or JSON: every object with an `apiVersion` and a `kind`, lists expanded into their items, and every pod in them.
 * Other documents are ignored: kubectl reports them. Never throws.
 */
export function parseManifest(text: string): Result<Manifest, readonly SyntaxProblem[]> {
  const stream = readStream(text);
  if (!stream.ok) return stream;
  const documents = stream.value;
  const objects = documents.flatMap((document, index) =>
    objectsAt(document.json, { document, index, path: [], itemType: undefined }),
  );
  return { ok: true, value: { text, documents, objects, templates: objects.flatMap(templatesOf) } };
}

interface Location {
  readonly document: YamlDocument;
  readonly index: number;
  readonly path: readonly (string | number)[];
  /** Items of a typed list (`kind: DeploymentList`) may omit these. */
  readonly itemType: Pick<ManifestObject, 'apiVersion' | 'kind'> | undefined;
}

function objectsAt(value: Json, location: Location): readonly ManifestObject[] {
  const { document, index, path, itemType } = location;
  if (!isObject(value)) return [];
  const { apiVersion, kind, items }: JsonObject = { ...itemType, ...value };
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  if (kind.endsWith('List') && Array.isArray(items)) {
    const inList = kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -'List'.length) };
    return items.flatMap((item: Json, position) =>
      objectsAt(item, { ...location, path: [...path, 'items', position], itemType: inList }),
    );
  }
  const { line } = positionOf(document, path, 'value');
  return [{ apiVersion, kind, ...identityOf(value), line, document: index, pointer: pointer(...path), json: value }];
}

function identityOf(object: JsonObject): Pick<ManifestObject, 'name' | 'namespace'> {
  const { name, generateName, namespace } = objectIn(object, 'metadata');
  const generated = typeof generateName === 'string' ? `${generateName}*` : '';
  return {
    name: typeof name === 'string' ? name : generated,
    namespace: typeof namespace === 'string' ? namespace : undefined,
  };
}

function templatesOf({ json, ...object }: ManifestObject): readonly PodTemplate[] {
  const workload = workloadKindOf(object.apiVersion, object.kind);
  const pod = workload && templateOf(workload, json);
  if (!pod) return [];
  return [{ ...object, pointer: `${object.pointer}${pointer(...workload.template)}`, pod, workload, object: json }];
}
