import { type Breaker, breakerKey, isStorable, MAX_BREAKERS } from '../api/breaker.ts';
import type { Census, WorkloadCount } from './census.ts';
import { Evictions } from './evictions.ts';
import { type BreakerLimits, COMPARISON_MS, DEAF_MS, MAX_COOLDOWN_MS } from './limits.ts';
import type { ObservedPod, ObservedWorkload } from './observed-pod.ts';
import { isAbout, opened, profileSteps } from './profile-breakers.ts';
import type { Sight, Step } from './steps.ts';
import type { Trouble } from './trouble.ts';
import { type Failing, failingOf, isSuspicious, profilesOf, verdictOn } from './trip.ts';

/** Nodes that are looked at for one workload. */
const MAX_NODES = 3;

/** Opens and closes circuit breakers. Pure but for what it remembers: since when workloads fail, and which pods were to be evicted. */
export class Breakers {
  readonly #limits: BreakerLimits;
  /** By the key of the breaker: when failures were first and last seen. */
  readonly #failing = new Map<string, { readonly since: number; last: number }>();
  readonly #evictions: Evictions;
  /** The keys of the breakers at the last time. */
  #known: readonly string[] = [];

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
    this.#evictions = new Evictions(limits);
  }

  next(sight: Sight): readonly Step[] {
    if (sight.ageMs === undefined || sight.ageMs > DEAF_MS) return [];
    this.#forgetClosed(sight);
    const evidence = this.#evidence(sight);
    const steps = [
      ...[...evidence].flatMap(([key, one]) => this.#trip(sight, key, one)),
      ...[...sight.breakers].flatMap(
        ([key, breaker]) =>
          this.#switched(sight, key, breaker) ?? this.#advance(sight, key, breaker, evidence.get(key)),
      ),
      ...profileSteps(sight, this.#limits),
      ...this.#evictions.next(sight),
    ];
    return longestAgoFirst(steps, sight)
      .filter((step) => step.kind !== 'set' || isStorable(step.breaker))
      .slice(0, MAX_BREAKERS);
  }

  /** Where someone has reset a breaker, the pods that fail have the grace time to be created again. */
  #forgetClosed({ breakers }: Sight): void {
    for (const key of this.#known) if (!breakers.has(key)) this.#failing.delete(key);
    this.#known = [...breakers.keys()];
  }

  /** The workloads that fail now, by the key of their breaker. */
  #evidence({ census, now }: Sight): ReadonlyMap<string, Evidence> {
    const found = new Map<string, Evidence>();
    for (const count of census.troubled()) {
      const failing = count.workload.key === '' ? [] : failingOf(count, now, this.#limits.windowMs);
      if (failing.length > 0) found.set(keyOf(count.workload), { count, failing });
    }
    this.#remember(found, now);
    return found;
  }

  #remember(found: ReadonlyMap<string, Evidence>, now: number): void {
    for (const [key, { last }] of this.#failing) {
      if (!found.has(key) && now - last > this.#limits.stableMs) this.#failing.delete(key);
    }
    for (const key of found.keys()) this.#failing.set(key, { since: this.#since(key, now), last: now });
  }

  #since(key: string, now: number): number {
    return this.#failing.get(key)?.since ?? now;
  }

  #trip(sight: Sight, key: string, { count, failing }: Evidence): readonly Step[] {
    const { breakers, comparisons, now } = sight;
    const profiles = profilesOf(failing);
    if (isKnown(breakers.get(key), profiles) || !isSuspicious(failing)) return [];
    const compare = compareStep(sight, { key, workload: count.workload, profiles, nodes: nodesOf(failing) });
    const comparison = comparisons.get(key);
    if (!comparison || compare.length > 0 || now - this.#since(key, now) < this.#limits.graceMs) return compare;
    const verdict = verdictOn(count, failing, comparison);
    if (!verdict || breakers.size >= MAX_BREAKERS) return [];
    const { namespace, key: workload, shown } = count.workload;
    return [opened({ namespace, workload, shown, profiles }, verdict, this.#limits, now)];
  }

  #advance(sight: Sight, key: string, breaker: Breaker, evidence: Evidence | undefined): readonly Step[] {
    const { now } = sight;
    if (breaker.workload === '') return [];
    const isOver = now >= breaker.until;
    if (breaker.phase === 'cleared') return isOver ? [{ kind: 'close', key, breaker }] : [];
    const told = breaker.phase === 'suspected' && !isOver ? this.#advanceSuspicion(sight, key, breaker) : [];
    if (told.some(({ kind }) => kind === 'set')) return told;
    if (!breaker.stops) return [...told, ...this.#advanceReport(key, breaker, evidence, now)];
    if (breaker.phase === 'half-open') return this.#advanceTrial(sight, key, breaker);
    if (isOver) return [{ kind: 'set', key, breaker: { ...breaker, phase: 'half-open', since: now } }];
    return told;
  }

  /** The action may be another one than when the breaker opened. */
  #switched({ now }: Sight, key: string, breaker: Breaker): readonly Step[] | undefined {
    const stops = this.#limits.action !== 'report';
    if (breaker.stops === stops || breaker.phase === 'cleared') return undefined;
    return [{ kind: 'set', key, breaker: { ...breaker, stops, since: now, until: now + breaker.cooldownMs } }];
  }

  /** A breaker that stops nothing is closed as soon as nothing has failed for a while. */
  #advanceReport(key: string, breaker: Breaker, evidence: Evidence | undefined, now: number): readonly Step[] {
    const last = this.#failing.get(key)?.last ?? breaker.since;
    if (!evidence && now - last >= this.#limits.stableMs) return [{ kind: 'close', key, breaker }];
    if (now < breaker.until) return [];
    const cooldownMs = doubled(breaker.cooldownMs);
    return [{ kind: 'set', key, breaker: { ...breaker, cooldownMs, until: now + cooldownMs } }];
  }

  /** The pods that were created without the agent meanwhile tell whether it is the cause. */
  #advanceSuspicion(sight: Sight, key: string, breaker: Breaker): readonly Step[] {
    const { comparisons, now } = sight;
    const { namespace, workload, shown, profiles } = breaker;
    const compare = compareStep(sight, { key, workload: { namespace, key: workload, shown }, profiles, nodes: [] });
    const comparison = comparisons.get(key);
    if (!comparison || comparison.at < breaker.since) return compare;
    if (comparison.withoutFailing > 0) {
      const why = `${comparison.withoutFailing} pods without the agent fail, too`;
      const cleared: Breaker = { ...breaker, phase: 'cleared', why, since: now, until: now + breaker.cooldownMs };
      return [{ kind: 'set', key, breaker: cleared }];
    }
    if (comparison.withoutRunning > 0) {
      const why = `${breaker.why.split(';', 1)[0]}, and ${comparison.withoutRunning} without it run`;
      return [{ kind: 'set', key, breaker: { ...breaker, phase: 'open', why, since: now } }];
    }
    return compare;
  }

  #advanceTrial({ census, now }: Sight, key: string, breaker: Breaker): readonly Step[] {
    const { trial, ...rest } = breaker;
    if (trial === undefined) {
      const next = nextTrial(census, breaker);
      if (next !== undefined) return [{ kind: 'set', key, breaker: { ...rest, trial: next } }];
      // It stops nothing. Whether its workload still exists is not known: pods without the agent are not watched.
      return now - breaker.since >= MAX_COOLDOWN_MS ? [{ kind: 'close', key, breaker }] : [];
    }
    const pod = census.get(trial);
    if (!pod || pod.state === 'ended') return [{ kind: 'set', key, breaker: rest }];
    const { trouble } = pod;
    if (trouble && hasFailedForGood(trouble)) {
      const cooldownMs = doubled(breaker.cooldownMs);
      const why = `pod ${trial} has tried with the agent: ${trouble.text}`;
      const again = { phase: 'open', why, since: now, until: now + cooldownMs, cooldownMs } as const;
      return [{ kind: 'set', key, breaker: { ...rest, ...again } }];
    }
    const since = runsSince(pod);
    return since !== undefined && now - since >= this.#limits.stableMs ? [{ kind: 'close', key, breaker }] : [];
  }
}

interface Evidence {
  readonly count: WorkloadCount;
  readonly failing: readonly Failing[];
}

function keyOf({ namespace, key, shown: _shown }: ObservedWorkload): string {
  return breakerKey({ namespace, workload: key, profiles: {} });
}

function doubled(cooldownMs: number): number {
  return Math.min(MAX_COOLDOWN_MS, cooldownMs * 2);
}

function isKnown(breaker: Breaker | undefined, profiles: Readonly<Record<string, string>>): boolean {
  return breaker !== undefined && isAbout(breaker, profiles);
}

/** The key of a pod that was created since the breaker is half open. Kubernetes cuts times to seconds. */
function nextTrial(census: Census, { namespace, workload, since }: Breaker): string | undefined {
  const newest = census.workload(namespace, workload)?.newest;
  const isNew = newest !== undefined && newest.createdAt >= Math.floor(since / 1000) * 1000;
  return isNew && census.get(newest.key) ? newest.key : undefined;
}

function runsSince({ state, createdAt, trouble }: ObservedPod): number | undefined {
  if (trouble) return trouble.runsSince;
  return state === 'running' ? createdAt : undefined;
}

function hasFailedForGood({ evidence, failures }: Trouble): boolean {
  return evidence === 'certain' || (evidence === 'suspect' && failures >= 2);
}

function nodesOf(failing: readonly Failing[]): readonly string[] {
  const nodes = [...new Set(failing.map(({ trouble }) => trouble.node))].filter((node) => node !== '');
  return nodes.slice(0, MAX_NODES);
}

type CompareStep = Extract<Step, { kind: 'compare' }>;

/** None while what was compared is fresh. */
function compareStep({ comparisons, now }: Sight, asked: Omit<CompareStep, 'kind'>): readonly CompareStep[] {
  const known = comparisons.get(asked.key);
  return known && now - known.at < COMPARISON_MS ? [] : [{ kind: 'compare', ...asked }];
}

/** Only a few comparisons are made in a pass: without an order, those of the first workloads would be made again and again. */
function longestAgoFirst(steps: readonly Step[], { comparisons }: Sight): readonly Step[] {
  const at = (step: Step): number => (step.kind === 'compare' ? (comparisons.get(step.key)?.at ?? 0) : -1);
  return steps.toSorted((one, other) => at(one) - at(other));
}
