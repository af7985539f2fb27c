import { isObject, objectIn } from '../../lib/json.ts';
import type { ManifestObject } from '../../manifests/documents.ts';
import { displayName } from '../../manifests/file.ts';
import { positionOf } from '../../manifests/locate.ts';
import type { ManifestSource } from '../../manifests/sources.ts';
import { tokensOf } from '../../manifests/edit/document-draft.ts';
import { workloadKindOf } from '../../kubernetes/workload.ts';
import type { Place, SourceObject } from '../../migration/model.ts';

/** Where an object of the import is written. */
export interface Origin {
  readonly source: ManifestSource;
  readonly document: number;
  /** JSON Pointer within the document. */
  readonly pointer: string;
}

/** The objects of the files, and the values of Helm charts, with their origins. */
export function sourceObjects(
  sources: readonly ManifestSource[],
  namespace: string,
): ReadonlyMap<SourceObject, Origin> {
  return new Map(
    sources.flatMap((source) => [
      ...source.manifest.objects.map(
        (object) => [sourceObject(object, namespace), { ...originOf(object), source }] as const,
      ),
      ...valuesIn(source, namespace),
    ]),
  );
}

function originOf({ document, pointer }: ManifestObject): Omit<Origin, 'source'> {
  return { document, pointer };
}

function sourceObject({ apiVersion, kind, name, namespace, json }: ManifestObject, fallback: string): SourceObject {
  const workload = workloadKindOf(apiVersion, kind);
  const hasTemplate = workload?.template.every((_, index, path) =>
    isObject(path.slice(0, index + 1).reduce((at, step) => objectIn(at, step), json)),
  );
  return {
    apiVersion,
    kind,
    name,
    namespace: namespace ?? fallback,
    json,
    template: hasTemplate ? workload?.template : undefined,
  };
}

/** The documents that are no objects: what else stands in such a file is the values of a Helm chart. */
function valuesIn(source: ManifestSource, namespace: string): readonly (readonly [SourceObject, Origin])[] {
  const { documents, objects } = source.manifest;
  return documents.flatMap(({ json }, document) => {
    if (!isObject(json) || objects.some((one) => one.document === document)) return [];
    const object = { apiVersion: '', kind: 'Values', name: '', namespace, json, template: undefined };
    return [[object, { source, document, pointer: '' }] as const];
  });
}

/** `file.yaml:12`. */
export function placeText({ path }: Place, { source, document, pointer }: Origin): string {
  const within = source.manifest.documents[document];
  const whole = [...tokensOf(pointer).map((token) => (/^\d+$/.test(token) ? Number(token) : token)), ...path];
  const line = within ? positionOf(within, whole, 'key').line : 1;
  return `${displayName(source.file)}:${line}`;
}
