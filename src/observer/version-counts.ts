import type { ObservedPod } from './observed-pod.ts';

/** The pods with one version of a profile that have not ended. */
export interface VersionCount {
  readonly pods: number;
  /** Those that crash or do not start. */
  readonly unhealthy: number;
}

/** Anyone can write a record: only so many versions are counted. */
const MAX_VERSIONS = 1_000;

const NONE: readonly string[] = [];

const HEALTHY: ReadonlySet<ObservedPod['state']> = new Set(['starting', 'running', 'ended']);

/** How many pods have which version of which profile. */
export class VersionCounts {
  readonly #shared = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, VersionCount>();

  /** Of lists that many pods have, one is kept; of too many different ones, none is. */
  share(versions: readonly string[]): readonly string[] {
    if (versions.length === 0) return NONE;
    const id = versions.join(' ');
    const known = this.#shared.get(id);
    if (known) return known;
    if (this.#shared.size >= MAX_VERSIONS) return NONE;
    this.#shared.set(id, versions);
    return versions;
  }

  count({ versions, state }: ObservedPod, change: 1 | -1): void {
    for (const version of versions) {
      const { pods, unhealthy } = this.#counts.get(version) ?? { pods: 0, unhealthy: 0 };
      const next = { pods: pods + change, unhealthy: unhealthy + (HEALTHY.has(state) ? 0 : change) };
      if (next.pods === 0) this.#counts.delete(version);
      else this.#counts.set(version, next);
    }
  }

  /** From the hash of a version of the profile to its pods. */
  of(profile: string): ReadonlyMap<string, VersionCount> {
    const prefix = `${profile}@`;
    const found = [...this.#counts].filter(([version]) => version.startsWith(prefix));
    return new Map(found.map(([version, count]) => [version.slice(prefix.length), count]));
  }
}
