import { PREFIX } from '../../api/keys.ts';
import { readStatus } from '../../api/status-annotation.ts';
import { describeFailure, type Failure } from '../../cluster/client/errors.ts';
import { sendOnce } from '../../cluster/one-shot.ts';
import type { Check } from '../../diagnostics/checks/check.ts';
import { decodePod } from '../../kubernetes/pod.ts';
import { reasonTable } from '../../reasons/reason-table.ts';
import { samplePod } from './sample-pod.ts';
import type { Sampled, Surroundings } from './world.ts';

/** Of a cluster with thousands of namespaces, a few tell enough. */
const MAX_TRIES = 5;

/** Tries whether the API server reaches the server, with a pod as a dry run in the first namespace that can tell. */
export async function checkReach({ client }: Surroundings, sampled: readonly Sampled[]): Promise<readonly Check[]> {
  const telling = sampled.filter(isRecorded).slice(0, MAX_TRIES);
  let last: Check = {
    name: 'reach',
    result: 'note',
    message: 'not tried: no namespace has a setting by which the answer could be told from none',
  };
  for (const { namespace } of telling) {
    const path = `/api/v1/namespaces/${namespace.name}/pods?dryRun=All`;
    // oxlint-disable-next-line no-await-in-loop -- the first that tells is enough
    const answer = await sendOnce(client, path, samplePod(namespace.name));
    last = answer.kind === 'ok' ? admitted(namespace.name, answer.body) : refused(namespace.name, answer);
    if (last.result !== 'note') return [last];
  }
  return [last];
}

/** True if the answer leaves a trace: a status annotation, or a refusal. */
function isRecorded({ decision }: Sampled): boolean {
  if (decision.outcome !== 'skipped') return true;
  const { kind } = reasonTable[decision.reason.code];
  return kind !== 'choice' && kind !== 'exemption';
}

function admitted(namespace: string, body: Parameters<typeof decodePod>[0]): Check {
  const decoded = decodePod(body);
  const status = decoded.ok ? readStatus(decoded.value) : undefined;
  const subject = `a pod created as a dry run in namespace ${namespace}`;
  if (status) {
    const why = status.reason === undefined ? '' : ` (${status.reason})`;
    return { name: 'reach', result: 'ok', message: `${subject} has a status annotation: ${status.decision}${why}` };
  }
  return {
    name: 'reach',
    result: 'problem',
    message: `${subject} has no status annotation: the API server does not reach the server`,
    hint: "See the server's log, and: $ agent-injector certs",
  };
}

/** Our own refusal is an answer; a failed call is not; what others refuse tells nothing. */
function refused(namespace: string, failure: Failure): Check {
  const text = describeFailure(failure);
  const subject = `a pod created as a dry run in namespace ${namespace}`;
  if (new RegExp(`\\.${PREFIX.replace('.', String.raw`\.`)}" denied the request`).test(text))
    return {
      name: 'reach',
      result: 'ok',
      message: `${subject} was refused by agent-injector itself, as it must be there`,
    };
  if (text.includes(`.${PREFIX}"`)) return { name: 'reach', result: 'problem', message: `${subject}: ${text}` };
  return { name: 'reach', result: 'note', message: `${subject} was refused by something else: ${text}` };
}
