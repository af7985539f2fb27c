import { RESTARTED_AT_ANNOTATION } from '../../api/keys.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import type { ApiResponse } from '../../cluster/client/types.ts';
import { CLI_MANAGER } from '../../cluster/switch-store.ts';
import { podsSince, restartedByUs, TEMPLATE_RESTARTED_AT, withCrashes } from '../../diagnostics/rollout/crashes.ts';
import { kindOf, type PlannedWorkload, workloadId } from '../../diagnostics/rollout/plan.ts';
import { isAvailable, type Progress, progressOf } from '../../kubernetes/rollout/progress.ts';
import type { Clock } from '../../lib/clock.ts';
import { type JsonObject, objectIn } from '../../lib/json.ts';
import { checkBefore } from './before.ts';
import type { Pace } from './options.ts';
import { Patience } from './patience.ts';
import type { Begun, Replacer } from './replacer.ts';
import { type Cluster, gapsOfPods, pathOf, readTarget, type Target } from './target.ts';

const LIMITS = { timeoutMs: 15_000, maxBytes: 16 * 1024 * 1024 };

/** Replaces pods as `kubectl rollout restart` does: by an annotation of the pod template. */
export class Restarts implements Replacer {
  readonly #cluster: Cluster;
  readonly #patience: Patience;

  constructor(cluster: Cluster, pace: Pace, clock: Clock) {
    this.#cluster = cluster;
    this.#patience = new Patience(pace, clock);
  }

  async begin(workload: PlannedWorkload, dryRun = false): Promise<Begun> {
    const first = await this.#tryToBegin(workload, dryRun);
    // Its controller, or another user, has written meanwhile.
    return first === 'conflict' ? asBegun(await this.#tryToBegin(workload, dryRun)) : first;
  }

  async observe(workload: PlannedWorkload): Promise<Progress> {
    const read = await readTarget(this.#cluster, workload);
    if (read.kind === 'absent') return { kind: 'complete' };
    const id = workloadId(workload);
    if (read.kind === 'unread') return this.#patience.limit(id, { kind: 'progressing', what: read.why });
    const progress = this.#progress(workload, read.target);
    if (progress.kind !== 'complete') return progress;
    const found = await gapsOfPods(this.#cluster, workload.namespace, read.target.pods);
    if (found.kind === 'unread') return this.#patience.limit(id, { kind: 'progressing', what: found.why });
    const { gaps } = found;
    const kinds = [...new Set(gaps.values())].join(', ');
    return gaps.size === 0 ? progress : { kind: 'failed', why: `its new pods are not what they should be: ${kinds}` };
  }

  #progress(workload: PlannedWorkload, { object, pods }: Target): Progress {
    const kind = kindOf(workload.workload);
    const newPods = podsSince(restartedByUs(object) ?? '', pods);
    const progress = withCrashes(progressOf(kind, object), newPods);
    return this.#patience.settle(workloadId(workload), progress, isAvailable(kind, object));
  }

  async #tryToBegin(workload: PlannedWorkload, dryRun: boolean): Promise<Begun | 'conflict'> {
    const read = await readTarget(this.#cluster, workload);
    const checked = await checkBefore(this.#cluster, workload, read, 'restart');
    if (checked.kind !== 'fit') return checked;
    const now = this.#cluster.client.serverClock?.now() ?? new Date();
    const body = restartPatch(kindOf(workload.workload), checked.target.object, timeText(now));
    const query = `fieldManager=${CLI_MANAGER}${dryRun ? '&dryRun=All' : ''}`;
    const answer: ApiResponse = await this.#cluster.client.sendJson(`${pathOf(workload)}?${query}`, {
      ...LIMITS,
      method: 'PATCH',
      body,
      contentType: 'application/merge-patch+json',
    });
    if (answer.kind === 'ok') return { kind: 'begun' };
    if (answer.kind === 'http' && answer.status === 409) return 'conflict';
    return { kind: 'failed', why: describeFailure(answer) };
  }
}

function asBegun(begun: Begun | 'conflict'): Begun {
  return begun === 'conflict' ? { kind: 'skipped', why: 'it is being changed all the time' } : begun;
}

/** Without milliseconds, as the API server writes times. */
function timeText(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Only if the object is still the one that was read. The annotation of the workload itself says that the restart is ours. */
export function restartPatch(kind: string, object: JsonObject, at: string): JsonObject {
  const { resourceVersion = null } = objectIn(object, 'metadata');
  const spec =
    kind === 'Rollout'
      ? { restartAt: at }
      : { template: { metadata: { annotations: { [TEMPLATE_RESTARTED_AT]: at } } } };
  return { metadata: { resourceVersion, annotations: { [RESTARTED_AT_ANNOTATION]: at } }, spec };
}
