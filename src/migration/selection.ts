import { NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts';
import { selectorMatches } from '../kubernetes/label-selector.ts';
import { isObject, type Json, objectIn, objectsIn } from '../lib/json.ts';
import type { MigrationDraft } from './draft.ts';
import { metadataOf, templateOf } from './metadata-plan.ts';
import type { SourceObject } from './model.ts';
import type { KnownNamespace } from './requests.ts';

/** The namespaces that the files have, or that have workloads in them. */
export function namespacesIn(migration: MigrationDraft): readonly KnownNamespace[] {
  const objects = migration.objects.filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1');
  const names = new Set([...objects.map(({ name }) => name), ...migration.workloads.map(({ namespace }) => namespace)]);
  return [...names].map((name) => {
    const object = migration.plans.namespaceObject(name);
    const labels = object ? metadataOf(object.json, 'labels') : {};
    return { name, labels: { ...labels, [NAMESPACE_NAME_LABEL]: name } };
  });
}

/** True for a selector that selects everything. */
export function isEmptySelector(selector: Json | undefined): boolean {
  if (!isObject(selector)) return true;
  return Object.keys(objectIn(selector, 'matchLabels')).length + objectsIn(selector, 'matchExpressions').length === 0;
}

/** Said of a selector that may select namespaces which are not in the files. */
export const OTHER_NAMESPACES = {
  why: 'it may select namespaces that are not in the files',
  todo: 'import their manifests, too, or give them the label and the annotations that those of the files have got',
} as const;

export function workloadsMatching(
  migration: MigrationDraft,
  namespaces: ReadonlySet<string>,
  podSelector: Json | undefined,
): readonly SourceObject[] {
  return migration.workloads.filter(
    (one) => namespaces.has(one.namespace) && selectorMatches(podSelector, metadataOf(templateOf(one), 'labels')),
  );
}
