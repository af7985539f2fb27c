import { BREAKER_ACTIONS, type BreakerAction } from '../api/breaker.ts';
import * as kinds from './value-kinds.ts';

/** The options of circuit breakers: of the observer, and of a server that watches them. */
export interface BreakerOptions {
  readonly breaker?: string;
  readonly breakerAction: BreakerAction;
  readonly breakerWindow: string;
  readonly breakerGrace: string;
  readonly breakerCooldown: string;
  readonly breakerStable: string;
  readonly lease?: string;
}

/** What there is to know of an option. */
export interface OptionRow<Value> extends kinds.ValueKind<Value> {
  readonly description: string;
}

export const breakerDefaults = {
  breakerAction: 'report',
  breakerWindow: '15m',
  breakerGrace: '90s',
  breakerCooldown: '1h',
  breakerStable: '5m',
} as const;

export const breakerRows: { readonly [name in keyof BreakerOptions]-?: OptionRow<NonNullable<BreakerOptions[name]>> } =
  {
    breaker: {
      ...kinds.SECRET,
      description:
        'ConfigMap with the circuit breakers. `observe` writes it, `serve` watches it and injects nothing where a breaker stops it. It need not exist.',
    },
    breakerAction: {
      ...kinds.oneOf('ACTION', BREAKER_ACTIONS),
      description:
        'What `observe` does when pods fail because of the agent. report: Events, metrics and the ConfigMap. stop: also create new pods without the agent. evict: also evict the pods that fail, one in ten seconds, within PodDisruptionBudgets.',
    },
    breakerWindow: {
      ...kinds.LIFETIME,
      description: 'With `observe`: how long after the start of a pod its failures count.',
    },
    breakerGrace: {
      ...kinds.LIFETIME,
      description: 'With `observe`: how long pods must fail before a breaker opens.',
    },
    breakerCooldown: {
      ...kinds.LIFETIME,
      description:
        'With `observe`: how long a breaker stays open before one pod tries again. It doubles each time the pod fails, up to a day.',
    },
    breakerStable: {
      ...kinds.LIFETIME,
      description: 'With `observe`: how long the pod that tries must run until the breaker is closed.',
    },
    lease: {
      ...kinds.SECRET,
      description:
        'The Lease by which one of several replicas is elected: with `observe`, the one that observes; with `serve`, the one that writes the status of AgentProfiles and targets, which no replica does without it.',
    },
  };
