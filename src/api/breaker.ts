import { isObject, type Json, type JsonObject, parsedJson } from '../lib/json.ts';

/**
 * The states of a circuit breaker that is not closed. `suspected`: pods crash with the agent, and none without it shows whether they would crash
 * anyway. `open`: the agent is the cause. `half-open`: one pod may try again. `cleared`: pods crash without the agent, too.
 */
export const BREAKER_PHASES = ['suspected', 'open', 'half-open', 'cleared'] as const;

export type BreakerPhase = (typeof BREAKER_PHASES)[number];

/** What the observer does when a breaker opens. Each includes what stands before it. */
export const BREAKER_ACTIONS = ['report', 'stop', 'evict'] as const;

export type BreakerAction = (typeof BREAKER_ACTIONS)[number];

/** A circuit breaker of a workload, or of a profile in all namespaces, that is not closed. Times are in ms since 1970. */
export interface Breaker {
  /** Empty for a profile. */
  readonly namespace: string;
  /** The kind and the name of the workload as an admission sees them (`ReplicaSet/web`); empty for a profile. */
  readonly workload: string;
  /** The same for people: `Deployment/web`. */
  readonly shown: string;
  /** From the name of a profile to the hash of the version that it is about. */
  readonly profiles: Readonly<Record<string, string>>;
  readonly phase: BreakerPhase;
  readonly why: string;
  /** The time of the phase, and of the next one that needs no event. */
  readonly since: number;
  readonly until: number;
  readonly cooldownMs: number;
  /** True if the webhook injects no more; otherwise, the breaker only reports. */
  readonly stops: boolean;
  /** The pod that tries again, in a half-open breaker. */
  readonly trial?: string;
}

/** The name of the ConfigMap of a release with its breakers. */
export function breakersOf<Name extends { readonly name: string }>(service: Name): Name {
  return { ...service, name: `${service.name}-breaker` };
}

/** More than that are not kept: a ConfigMap has at most 1 MiB. */
export const MAX_BREAKERS = 500;

const MAX_WHY = 300;

const MAX_KEY = 253;

/** The key of a breaker in the ConfigMap. */
export function breakerKey({
  namespace,
  workload,
  profiles,
}: Pick<Breaker, 'namespace' | 'workload' | 'profiles'>): string {
  if (workload === '') return `profile.${Object.keys(profiles)[0] ?? ''}`.slice(0, MAX_KEY);
  return `workload.${namespace}.${workload.replace('/', '.')}`.slice(0, MAX_KEY);
}

export function breakerText(breaker: Breaker): string {
  return JSON.stringify({ ...breaker, why: breaker.why.slice(0, MAX_WHY) });
}

/** False if the API server would refuse the ConfigMap because of it, and with it all others, or if it would not be read again. Pods make up both. */
export function isStorable(breaker: Breaker): boolean {
  return /^[-._a-zA-Z0-9]+$/.test(breakerKey(breaker)) && breakerText(breaker).length <= MAX_TEXT;
}

/** Reads the data of the ConfigMap. What is not a breaker is left out. */
export function readBreakers(data: JsonObject): ReadonlyMap<string, Breaker> {
  const found = Object.entries(data).flatMap(([key, text]) => {
    const breaker = typeof text === 'string' && text.length <= MAX_TEXT ? parse(text) : undefined;
    return breaker && breakerKey(breaker) === key ? [[key, breaker] as const] : [];
  });
  return new Map(found.slice(0, MAX_BREAKERS));
}

const MAX_TEXT = 4096;

function parse(text: string): Breaker | undefined {
  const value = parsedJson(text);
  return isBreaker(value) ? value : undefined;
}

type Check = (value: Json | undefined) => boolean;

const isText: Check = (value) => typeof value === 'string';

const isTime: Check = (value) => Number.isFinite(value);

const fields: { readonly [field in keyof Breaker]-?: Check } = {
  namespace: isText,
  workload: isText,
  shown: isText,
  profiles: (value) => isObject(value) && Object.values(value).every(isText),
  phase: (value) => BREAKER_PHASES.some((one) => one === value),
  why: isText,
  since: isTime,
  until: isTime,
  cooldownMs: isTime,
  stops: (value) => typeof value === 'boolean',
  trial: (value) => value === undefined || isText(value),
};

function isBreaker(value: unknown): value is Breaker {
  return isObject(value) && Object.entries(fields).every(([field, isValid]) => isValid(value[field]));
}

/** True if a pod of the workload is created without the agent: a half-open breaker lets pods try until the observer has seen one. */
export function isStopping({ stops, phase, trial }: Breaker): boolean {
  if (!stops || phase === 'cleared') return false;
  return phase !== 'half-open' || trial !== undefined;
}
