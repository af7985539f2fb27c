import type { KubeClient } from '../../cluster/client/types.ts';
import { POLICY_LABEL } from '../../api/exported-policy.ts';
import { isNotFound } from '../../cluster/client/errors.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import type { PolicyObjects } from '../../diagnostics/admission-policies.ts';
import { type ExportedPolicy, exportedPolicies } from '../../diagnostics/decisions/exported-policies.ts';
import { type JsonObject, objectIn, objectsIn } from '../../lib/json.ts';

const GROUP = '/apis/admissionregistration.k8s.io';

/** The newest first. MutatingAdmissionPolicies are of version v1 since Kubernetes 1.36. */
const VERSIONS = ['v1', 'v1beta1'];

/** Policies, and webhooks that check; a list that is absent or that you may not read is empty. */
export async function readPolicies(client: KubeClient): Promise<PolicyObjects> {
  const [mutating = [], mutatingBindings = [], validating = [], validatingBindings = [], validatingWebhooks = []] =
    await Promise.all(
      [
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
        'validatingwebhookconfigurations',
      ].map((plural) => readList(client, plural)),
    );
  return { mutating, mutatingBindings, validating, validatingBindings, validatingWebhooks };
}

/** The policies that were exported and are bound, with the values of their ConfigMaps; undefined if they cannot be read. */
export async function readExportedPolicies(client: KubeClient): Promise<readonly ExportedPolicy[] | undefined> {
  const [policies, bindings] = await Promise.all(
    ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'].map((plural) => readLabelled(client, plural)),
  );
  if (!policies || !bindings) return undefined;
  return Promise.all(exportedPolicies(policies, bindings).map((one) => withValues(client, one)));
}

async function withValues(client: KubeClient, policy: ExportedPolicy): Promise<ExportedPolicy> {
  const at = policy.origin.parametersConfigMap;
  if (!at) return policy;
  const answer = await readOnce(client, `/api/v1/namespaces/${at.namespace}/configmaps/${at.name}`);
  if (answer.kind === 'ok') return { ...policy, values: objectIn(answer.body, 'data') };
  return { ...policy, values: isNotFound(answer) ? 'missing' : 'unread' };
}

/** An API server that serves no version of the resource has none of them. */
async function readLabelled(client: KubeClient, plural: string): Promise<readonly JsonObject[] | undefined> {
  for (const version of VERSIONS) {
    // oxlint-disable-next-line no-await-in-loop -- the second version only where the first is not served
    const answer = await readOnce(client, `${GROUP}/${version}/${plural}?labelSelector=${POLICY_LABEL}`);
    if (answer.kind === 'ok') return objectsIn(answer.body, 'items');
    if (!isNotFound(answer)) return undefined;
  }
  return [];
}

async function readList(client: KubeClient, plural: string): Promise<readonly JsonObject[]> {
  const answers = await Promise.all(VERSIONS.map((version) => readOnce(client, `${GROUP}/${version}/${plural}`)));
  const answer = answers.find(({ kind }) => kind === 'ok');
  return answer?.kind === 'ok' ? objectsIn(answer.body, 'items') : [];
}
