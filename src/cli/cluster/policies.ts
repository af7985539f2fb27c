import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import type { PolicyObjects } from '../../diagnostics/admission-policies.ts';
import { type JsonObject, objectsIn } from '../../lib/json.ts';

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

async function readList(client: KubeClient, plural: string): Promise<readonly JsonObject[]> {
  const answers = await Promise.all(VERSIONS.map((version) => readOnce(client, `${GROUP}/${version}/${plural}`)));
  const answer = answers.find(({ kind }) => kind === 'ok');
  return answer?.kind === 'ok' ? objectsIn(answer.body, 'items') : [];
}
