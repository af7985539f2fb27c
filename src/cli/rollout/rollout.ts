import { type PlannedWorkload, workloadId } from '../../diagnostics/rollout/plan.ts';
import { nextStep, type Step, type Waiting } from '../../diagnostics/rollout/schedule.ts';
import { isOpen } from '../../diagnostics/rollout/window.ts';
import type { Progress } from '../../kubernetes/rollout/progress.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Pace } from './options.ts';
import type { Replacer } from './replacer.ts';

const INTERVAL_MS = 1000;

export interface RolloutOptions {
  readonly replacer: Replacer;
  readonly pace: Pace;
  readonly print: (line: string) => void;
  readonly clock: Clock;
  /** Milliseconds since 1970, for the time window. */
  readonly wall: () => number;
}

/** Carries out what `nextStep` says, until it says that the run ends. Keeps nothing that a later run would need. */
export class Rollout {
  readonly #options: RolloutOptions;
  readonly #running = new Map<string, PlannedWorkload>();
  #earlier: ReadonlySet<string> = new Set();
  #waiting: readonly PlannedWorkload[] = [];
  #total = 0;
  #done = 0;
  #skipped = 0;
  #completeAt: number | undefined;
  /** The last line about waiting, which is printed once. */
  #said = '';

  constructor(options: RolloutOptions) {
    this.#options = options;
  }

  /** `unfinished`: what an earlier run has begun. Returns the exit code. */
  async run(waiting: readonly PlannedWorkload[], unfinished: readonly PlannedWorkload[]): Promise<0 | 1> {
    this.#waiting = waiting;
    this.#total = waiting.length + unfinished.length;
    this.#earlier = new Set(unfinished.map(workloadId));
    for (const workload of unfinished) {
      this.#running.set(workloadId(workload), workload);
      this.#say('continued', workload);
    }
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one step after the other
      const exitCode = await this.#step();
      if (exitCode !== undefined) return exitCode;
    }
  }

  async #step(): Promise<0 | 1 | undefined> {
    const progresses = await this.#observe();
    const step = this.#next(progresses);
    this.#forgetComplete(progresses);
    switch (step.kind) {
      case 'stop':
        return this.#stopped(step);
      case 'end':
        return this.#ended();
      case 'start':
        return this.#start(step.ids);
      case 'wait':
        this.#sayOnce(step.for, progresses);
        await sleep(this.#options.clock, INTERVAL_MS);
        return undefined;
    }
  }

  async #observe(): Promise<ReadonlyMap<string, Progress>> {
    const all = [...this.#running].map(
      async ([id, workload]) => [id, await this.#options.replacer.observe(workload)] as const,
    );
    const progresses = new Map(await Promise.all(all));
    if ([...progresses.values()].some(({ kind }) => kind === 'complete')) this.#completeAt = this.#options.clock.now();
    return progresses;
  }

  #next(progresses: ReadonlyMap<string, Progress>): Step {
    const { pace, clock, wall } = this.#options;
    const running = [...this.#running.values()].flatMap((workload) => {
      const waiting = waitingOf(workload);
      const progress = progresses.get(waiting.id);
      return progress ? [{ ...waiting, progress, isEarlier: this.#earlier.has(waiting.id) }] : [];
    });
    const sinceCompleteMs = this.#completeAt === undefined ? undefined : clock.now() - this.#completeAt;
    const isInWindow = !pace.window || isOpen(pace.window, wall());
    return nextStep({ waiting: this.#waiting.map(waitingOf), running, sinceCompleteMs, isOpen: isInWindow }, pace);
  }

  #forgetComplete(progresses: ReadonlyMap<string, Progress>): void {
    for (const [id, { kind }] of progresses) {
      const workload = this.#running.get(id);
      if (kind !== 'complete' || !workload) continue;
      this.#running.delete(id);
      this.#done++;
      this.#say('complete', workload, `(${this.#done} of ${this.#total})`);
    }
  }

  async #start(ids: readonly string[]): Promise<1 | undefined> {
    const starting = this.#waiting.filter((one) => ids.includes(workloadId(one)));
    this.#waiting = this.#waiting.filter((one) => !ids.includes(workloadId(one)));
    for (const workload of starting) {
      // oxlint-disable-next-line no-await-in-loop -- if one is refused, the others are not begun
      const begun = await this.#options.replacer.begin(workload);
      if (begun.kind === 'failed') return this.#stopped({ id: workloadId(workload), why: begun.why });
      if (begun.kind === 'begun') this.#running.set(workloadId(workload), workload);
      else if (begun.kind === 'current') this.#done++;
      else this.#skipped++;
      this.#say(begun.kind, workload, 'why' in begun ? begun.why : '');
    }
    return undefined;
  }

  #stopped({ id, why }: { readonly id: string; readonly why: string }): 1 {
    const others = [...this.#running.keys()].filter((one) => one !== id).length;
    this.#options.print(`stopped at  ${id}: ${why}`);
    this.#options.print(
      `${this.#done} of ${this.#total} are complete, ${others} others are in progress, ${this.#waiting.length} were not begun. ` +
        'Run the same command again when that is fixed: it goes on from here.',
    );
    return 1;
  }

  #ended(): 0 | 1 {
    const skipped = this.#skipped === 0 ? '' : `, ${this.#skipped} were skipped`;
    this.#options.print(`${this.#done} of ${this.#total} are complete${skipped}`);
    return this.#skipped === 0 ? 0 : 1;
  }

  #say(what: string, workload: PlannedWorkload, rest = ''): void {
    this.#options.print(`${what.padEnd(10)}  ${workloadId(workload)}${rest === '' ? '' : `  ${rest}`}`);
  }

  #sayOnce(what: Extract<Step, { kind: 'wait' }>['for'], progresses: ReadonlyMap<string, Progress>): void {
    const texts = [...progresses].flatMap(([id, one]) => (one.kind === 'progressing' ? [`${id}: ${one.what}`] : []));
    const line = what === 'pods' ? texts.join('; ') : waits[what];
    if (line !== this.#said && line !== '') this.#options.print(`waiting     ${line}`);
    this.#said = line;
  }
}

function waitingOf(workload: PlannedWorkload): Waiting {
  return { id: workloadId(workload), namespace: workload.namespace };
}

const waits = { pause: 'for the pause to end', window: 'for the time window' };
