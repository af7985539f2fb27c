import { timeOf } from '../../cluster/caches/injected-pods.ts';
import type { PodClient } from '../../cluster/client/types.ts';
import { checkRecord } from '../../diagnostics/audit-pod.ts';
import type { VerdictCode } from '../../diagnostics/liveness/verdict-code.ts';
import { workloadText } from '../../kubernetes/owner.ts';
import { observePod } from '../../observer/observed-pod.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { lookIntoPod } from '../verify/pod.ts';

/** Pods of a workload that are looked into, and of all workloads: each costs a few requests. */
const MAX_OF_WORKLOAD = 5;
const MAX_PODS = 100;

/** Looks for signs of life in pods that run, one after the other. */
export class LifeSigns {
  readonly #client: PodClient;
  readonly #lookedInto = new Map<string, number>();
  readonly #unread = new Map<string, number>();
  #left = 0;
  #total = 0;

  constructor(client: PodClient) {
    this.#client = client;
  }

  /** `isKnown`: its namespace could be read. Undefined for a pod that does not run or carries no agent, and beyond the limits. */
  async codeOf(sources: SettingSources, isKnown: boolean): Promise<VerdictCode | undefined> {
    const { pod, catalogue } = sources;
    const namespace = sources.namespace.name;
    if (observePod(pod, timeOf).state !== 'running' || checkRecord(sources).injected.length === 0) return undefined;
    const id = `${namespace} ${workloadText(pod)}`;
    const before = this.#lookedInto.get(id) ?? 0;
    if (before >= MAX_OF_WORKLOAD || this.#total >= MAX_PODS) {
      this.#left += 1;
      return undefined;
    }
    this.#lookedInto.set(id, before + 1);
    this.#total += 1;
    const { code, message, verdict } = await lookIntoPod(
      {
        client: this.#client,
        namespace,
        within: isKnown ? sources.namespace : undefined,
        catalogue,
        debugImage: undefined,
      },
      pod,
    );
    if (verdict === 'unknown') this.#unread.set(message, (this.#unread.get(message) ?? 0) + 1);
    return code;
  }

  /** What was not seen, and is shown as running. */
  notes(): readonly string[] {
    const left = this.#left === 0 ? [] : [`pods that run and were not looked into: ${this.#left}`];
    return [
      ...[...this.#unread].map(([why, pods]) => `pods in which no sign of life could be looked for: ${pods}: ${why}`),
      ...left,
    ];
  }
}
