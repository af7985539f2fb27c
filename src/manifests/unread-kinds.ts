import { workloadKindOf } from '../kubernetes/workload.ts';
import { isObject, type Json } from '../lib/json.ts';
import type { Manifest, ManifestObject } from './documents.ts';

/** A schema may have a property of any name. */
const WITHOUT_PODS: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'AgentProfile']);

/** Deeper structures are not searched. */
const MAX_DEPTH = 16;

/** The objects that describe pods and are of a kind that is not known, such as a Knative Service. */
export function unreadKinds({ objects }: Pick<Manifest, 'objects'>): readonly ManifestObject[] {
  return objects.filter(
    ({ apiVersion, kind, json }) =>
      !workloadKindOf(apiVersion, kind) && !WITHOUT_PODS.has(kind) && hasContainers(json, MAX_DEPTH),
  );
}

/** Recognizes a pod by `containers`, and a step of an Argo Workflow by `container`. */
function hasContainers(value: Json | undefined, depth: number): boolean {
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.some((one: Json) => hasContainers(one, depth - 1));
  if (!isObject(value)) return false;
  const { containers, container } = value;
  if (Array.isArray(containers) && containers.some(isObject)) return true;
  if (isObject(container) && typeof container['image'] === 'string') return true;
  return Object.values(value).some((one) => hasContainers(one, depth - 1));
}

/** `Service.serving.knative.dev`, as kubectl names it. */
export function kindText({ apiVersion, kind }: Pick<ManifestObject, 'apiVersion' | 'kind'>): string {
  const [group = '', version] = apiVersion.split('/');
  return version === undefined ? kind : `${kind}.${group}`;
}
