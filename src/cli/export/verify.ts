import { describeFailure } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { isObject, type Json, type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import type { CommandResult } from '../command-result.ts';

type Verdict = Required<Pick<CommandResult, 'messages' | 'exitCode'>>;

const GROUP = '/apis/admissionregistration.k8s.io';

const RESOURCES: ReadonlyMap<string, string> = new Map([
  ['MutatingAdmissionPolicy', 'mutatingadmissionpolicies'],
  ['MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings'],
  ['ValidatingAdmissionPolicy', 'validatingadmissionpolicies'],
  ['ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'],
]);

/** Asks the API server whether it would take the objects, as a dry run, and what it says of those that are installed. */
export async function verifyPolicies(objects: readonly object[], options: ClusterOptions): Promise<Verdict> {
  const client = await openUserCluster(options);
  // An exported object is JSON.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const answers = await Promise.all(objects.map((object) => verifyOne(client, object as JsonObject)));
  const exitCode = ([3, 1] as const).find((code) => answers.some((one) => one.exitCode === code)) ?? 0;
  return { messages: answers.flatMap(({ messages }) => messages), exitCode };
}

async function verifyOne(client: KubeClient, object: JsonObject): Promise<Verdict> {
  const kind = textIn(object, 'kind');
  const version = textIn(object, 'apiVersion').split('/')[1] ?? '';
  const resource = RESOURCES.get(kind) ?? '';
  const missing = await unserved(client, version, resource);
  if (missing) return missing;
  const name = textIn(objectIn(object, 'metadata'), 'name');
  const path = `${GROUP}/${version}/${resource}/${name}`;
  const query = 'dryRun=All&fieldManager=agent-injector&force=true';
  const answer = await client.sendJson(`${path}?${query}`, {
    method: 'PATCH',
    body: object,
    contentType: 'application/apply-patch+yaml',
    timeoutMs: 30_000,
    maxBytes: 16 * 1024 * 1024,
  });
  if (answer.kind !== 'ok')
    return { messages: [`✗ ${kind} ${name}: ${describeFailure(answer)}`], exitCode: answer.kind === 'http' ? 1 : 3 };
  const installed = kind === 'ValidatingAdmissionPolicy' ? await readOnce(client, path) : undefined;
  const warnings = installed?.kind === 'ok' ? warningsIn(installed.body) : [];
  return {
    messages: [`✓ ${kind} ${name}: the API server takes it`, ...warnings],
    exitCode: warnings.length > 0 ? 1 : 0,
  };
}

/** The API server checks the types of a policy some time after it is installed. */
function warningsIn(policy: JsonObject): readonly string[] {
  const checked = objectIn(objectIn(policy, 'status'), 'typeChecking');
  return objectsIn(checked, 'expressionWarnings').map(
    (one) => `! the installed policy: ${textIn(one, 'fieldRef')}: ${textIn(one, 'warning')}`,
  );
}

async function unserved(client: KubeClient, version: string, resource: string): Promise<Verdict | undefined> {
  const group = await readOnce(client, GROUP);
  if (group.kind !== 'ok')
    return { messages: [`✗ cannot read what the API server serves: ${describeFailure(group)}`], exitCode: 3 };
  const served = objectsIn(group.body, 'versions').map((one) => textIn(one, 'version'));
  const list = served.includes(version) ? await readOnce(client, `${GROUP}/${version}`) : undefined;
  const resources: readonly Json[] = list?.kind === 'ok' ? objectsIn(list.body, 'resources') : [];
  if (resources.some((one) => isObject(one) && one['name'] === resource)) return undefined;
  const needed =
    version === 'v1'
      ? 'Kubernetes 1.36 or later serves it; for 1.34 and 1.35, export with --api v1beta1'
      : 'it needs Kubernetes 1.34 or 1.35 with --feature-gates=MutatingAdmissionPolicy=true and --runtime-config=admissionregistration.k8s.io/v1beta1=true';
  return {
    messages: [
      `✗ the API server does not serve ${resource} in admissionregistration.k8s.io/${version} (it serves ${served.join(', ')}): ${needed}`,
    ],
    exitCode: 1,
  };
}
