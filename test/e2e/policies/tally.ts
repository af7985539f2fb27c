import type { Verdict } from './proof.ts';

/** How many pods ended in which way, and those that must not have. */
export class Tally {
  readonly different: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #beyond = new Map<string, number>();

  add(name: string, verdict: Verdict): void {
    count(this.#counts, verdict.kind);
    if (verdict.kind === 'beyond') count(this.#beyond, `${verdict.why} (webhook: ${verdict.webhook})`);
    if (verdict.kind === 'different')
      this.different.push(`${name}\n  webhook: ${verdict.webhook}\n  policy: ${verdict.policy}`);
  }

  of(kind: Verdict['kind']): number {
    return this.#counts.get(kind) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, one) => sum + one, 0);
  }

  /** True in the webhook's eyes, and left alone by the policy with a warning that says so. */
  get beyond(): ReadonlyMap<string, number> {
    return this.#beyond;
  }

  text(): string {
    const lines = [...this.#beyond].toSorted(([, one], [, other]) => other - one);
    return [
      [...this.#counts].map(([kind, number]) => `${kind} ${number}`).join(', '),
      ...lines.map(([why, number]) => `  ${number} × ${why}`),
    ].join('\n');
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
