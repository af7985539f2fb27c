import type { Admission } from '../admission/admit.ts';
import { type Json, objectIn, objectsIn, textIn } from '../lib/json.ts';
import type { Operation } from '../lib/json-patch.ts';
import type { Manifest, PodTemplate } from '../manifests/documents.ts';
import { kindText, unreadKinds } from '../manifests/unread-kinds.ts';

/** A line for each object whose pods a command on files passes over. */
export function unreadKindNotes(file: string, manifest: Manifest): readonly string[] {
  return unreadKinds(manifest).map(
    (one) =>
      `${file}:${one.line}: ${kindText(one)}/${one.name}: not read, because this kind is unknown; in the cluster, its pods get their agent from the webhook`,
  );
}

const SECRETS = '/spec/imagePullSecrets';

/**
 * The operations, with the pull secrets of the ServiceAccount where the profile brings one: Kubernetes adds those of the account only to a pod that has
 * none (k8s.io/kubernetes plugin/pkg/admission/serviceaccount). `warning` is set if the account is not in the file.
 */
export function withAccountSecrets(
  { operations }: Pick<Admission, 'operations'>,
  template: PodTemplate,
  { objects, namespace }: Pick<Manifest, 'objects'> & { readonly namespace: string },
): { readonly operations: readonly Operation[]; readonly warning?: string } {
  const spec = objectIn(template.pod, 'spec');
  const existing = objectsIn(spec, 'imagePullSecrets');
  const brought = operations.filter(({ path }) => path === SECRETS || path.startsWith(`${SECRETS}/`));
  if (existing.length > 0 || brought.length === 0) return { operations };
  const name = textIn(spec, 'serviceAccountName') || textIn(spec, 'serviceAccount') || 'default';
  const account = objects.find(
    (one) =>
      one.kind === 'ServiceAccount' &&
      one.name === name &&
      (one.namespace ?? namespace) === (template.namespace ?? namespace),
  );
  if (account) return { operations: withSecrets(operations, objectsIn(account.json, 'imagePullSecrets')) };
  const warning =
    `warning: the profile adds a pull secret, so Kubernetes no longer adds those of ServiceAccount ${name}: if it has any, list them in ` +
    'imagePullSecrets of the pod, or put the ServiceAccount into this file';
  return { operations, warning };
}

/** Puts the secrets in front of the first one that is added. */
function withSecrets(operations: readonly Operation[], secrets: readonly Json[]): readonly Operation[] {
  const first = operations.findIndex(({ path }) => path.startsWith(SECRETS));
  return operations.flatMap((one, index): readonly Operation[] => {
    if (index !== first) return [one];
    if (Array.isArray(one.value)) return [{ ...one, value: [...secrets, ...one.value] }];
    return [...secrets.map((value): Operation => ({ op: 'add', path: one.path, value })), one];
  });
}
