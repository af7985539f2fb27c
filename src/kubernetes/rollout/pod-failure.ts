import { objectIn, textIn } from '../../lib/json.ts';
import { type ContainerStatus, containerStatusesOf, waitingTrouble } from '../container-status.ts';
import type { Pod } from '../pod.ts';

/** Time alone often cures these: the kubelet has tried once, or the registry is away. */
const PASSING: ReadonlySet<string> = new Set(['ErrImagePull', 'RegistryUnavailable']);

/** Why a pod does not start or stay up, as a sentence fragment; undefined while nothing says so. */
export function podFailure(pod: Pod): string | undefined {
  for (const container of containerStatusesOf(pod)) {
    const what = waitsInVain(container) ? container.reason : repeatedEnds(container);
    if (what !== undefined) return `container ${container.name}: ${what}${lastExit(container)}`;
  }
  const status = objectIn(pod, 'status');
  return textIn(status, 'phase') === 'Failed' ? `it has failed: ${textIn(status, 'reason')}` : undefined;
}

function waitsInVain({ state, reason }: ContainerStatus): boolean {
  return state === 'waiting' && waitingTrouble(reason) !== undefined && !PASSING.has(reason);
}

/** A kubelet may show a container between two starts as ended, and not as one that crashes. A single end may be a dependency that was not there yet. */
function repeatedEnds({ state, restarts, ready, termination }: ContainerStatus): string | undefined {
  const ends = restarts + (state === 'ended' && termination?.exitCode !== 0 ? 1 : 0);
  return ends > 1 && !ready ? `it has ended ${ends} times` : undefined;
}

function lastExit({ termination }: ContainerStatus): string {
  return termination ? ` (exit code ${termination.exitCode})` : '';
}
