import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import type { Pod } from '../pod.ts';

/** What a container waits for that time alone seldom cures. */
const FAILURES: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
  'StartError',
]);

/** Why a pod does not start or stay up, as a sentence fragment; undefined while nothing says so. */
export function podFailure(pod: Pod): string | undefined {
  const status = objectIn(pod, 'status');
  const containers = [...objectsIn(status, 'initContainerStatuses'), ...objectsIn(status, 'containerStatuses')];
  for (const container of containers) {
    const waiting = textIn(objectIn(objectIn(container, 'state'), 'waiting'), 'reason');
    const what = FAILURES.has(waiting) ? waiting : repeatedEnds(container);
    if (what !== undefined) return `container ${textIn(container, 'name')}: ${what}${lastExit(container)}`;
  }
  return textIn(status, 'phase') === 'Failed' ? `it has failed: ${textIn(status, 'reason')}` : undefined;
}

/** A kubelet may show a container between two starts as ended, and not as one that crashes. A single end may be a dependency that was not there yet. */
function repeatedEnds(container: JsonObject): string | undefined {
  const { restartCount, ready } = container;
  const code = exitCodeIn(container, 'state');
  const ends = (typeof restartCount === 'number' ? restartCount : 0) + (code === undefined || code === 0 ? 0 : 1);
  return ends > 1 && ready !== true ? `it has ended ${ends} times` : undefined;
}

function exitCodeIn(container: JsonObject, state: 'state' | 'lastState'): number | undefined {
  const code = objectIn(objectIn(container, state), 'terminated')['exitCode'];
  return typeof code === 'number' ? code : undefined;
}

function lastExit(container: JsonObject): string {
  const code = exitCodeIn(container, 'state') ?? exitCodeIn(container, 'lastState');
  return code === undefined ? '' : ` (exit code ${code})`;
}
