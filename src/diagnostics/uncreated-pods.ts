import { withoutPathSecrets } from '../api/paths.ts';
import { controllerOf } from '../kubernetes/owner.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import type { ReasonCode } from '../reasons/reason.ts';
import { reasonCodes } from '../reasons/reason-table.ts';

/** A workload whose pods the API server refuses to create, with its message, which names what a policy or a quota does not allow. */
export interface UncreatedPods {
  readonly namespace: string;
  /** `Deployment/web`. */
  readonly workload: string;
  readonly message: string;
  /** Why agent-injector refused them; absent if something else did. */
  readonly reason?: ReasonCode;
}

const MAX_MESSAGE_LENGTH = 500;

/** From a ReplicaSet, whose condition lasts as long as the failure; undefined if its pods are created. */
export function uncreatedByReplicaSet(replicaSet: JsonObject): UncreatedPods | undefined {
  const conditions = objectsIn(objectIn(replicaSet, 'status'), 'conditions');
  const failure = conditions.find(
    (one) => one['type'] === 'ReplicaFailure' && one['status'] === 'True' && one['reason'] === 'FailedCreate',
  );
  if (!failure) return undefined;
  const metadata = objectIn(replicaSet, 'metadata');
  const owner = controllerOf(metadata);
  const workload = owner
    ? `${textIn(owner, 'kind')}/${textIn(owner, 'name')}`
    : `ReplicaSet/${textIn(metadata, 'name')}`;
  return uncreated(textIn(metadata, 'namespace'), workload, textIn(failure, 'message'));
}

/** From an Event of a controller without such a condition: a StatefulSet, a DaemonSet or a Job. */
export function uncreatedByEvent(event: JsonObject): UncreatedPods | undefined {
  const about = objectIn(event, 'involvedObject');
  const kind = textIn(about, 'kind');
  if (textIn(event, 'reason') !== 'FailedCreate' || kind === 'ReplicaSet') return undefined;
  return uncreated(textIn(about, 'namespace'), `${kind}/${textIn(about, 'name')}`, textIn(event, 'message'));
}

// The name of the pod that was not created differs from try to try.
const POD_NAME = /pods? "[^"]*"/g;

function uncreated(namespace: string, workload: string, message: string): UncreatedPods {
  const text = oneLine(withoutPathSecrets(message.replaceAll(POD_NAME, 'pod')), MAX_MESSAGE_LENGTH);
  const reason = OWN_REFUSAL.test(message) ? reasonIn(message) : undefined;
  return { namespace, workload, message: text, ...(reason && { reason }) };
}

/** The API server names the webhook entry that denied the request. */
const OWN_REFUSAL = /\.agent-injector\.io" denied the request/;

function reasonIn(message: string): ReasonCode | undefined {
  const codes = new Set([...message.matchAll(/\(([a-z-]+)\)/g)].map((match) => match[1]));
  return reasonCodes.find((code) => codes.has(code));
}
