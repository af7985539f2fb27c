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
    if (FAILURES.has(waiting)) return `container ${textIn(container, 'name')}: ${waiting}${lastExit(container)}`;
  }
  return textIn(status, 'phase') === 'Failed' ? `it has failed: ${textIn(status, 'reason')}` : undefined;
}

function lastExit(container: JsonObject): string {
  const code = objectIn(objectIn(container, 'lastState'), 'terminated')['exitCode'];
  return typeof code === 'number' ? ` (exit code ${code})` : '';
}
