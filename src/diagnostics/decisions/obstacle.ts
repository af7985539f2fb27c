import type { Pod } from '../../kubernetes/pod.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { type EntryMatch, type LabelledNamespace, matchOf, ownEntries } from '../webhook-match.ts';
import { policiesFor, type PoliciesInForce } from './exported-policies.ts';

/** Why no new pod gets an agent, whatever would be decided. */
export const obstacles = {
  'not-installed': 'agent-injector is not installed in this cluster',
  'no-policy': 'no admission policy of agent-injector is for this namespace and this agent',
  'never-called': 'the API server does not call agent-injector',
  'calls-fail': 'every call of agent-injector fails',
} as const;

export type Obstacle = keyof typeof obstacles;

/** How pods get their agents in a cluster. */
export interface Reach {
  /** Undefined if they could not be read. */
  readonly configurations: readonly JsonObject[] | undefined;
  /** Undefined where no policy was looked for. */
  readonly policies?: PoliciesInForce | undefined;
}

/** What is in the way of a pod that the API server creates, as far as webhook configurations and policies show it; undefined also if they could not be read. */
export function obstacleFor({ configurations, policies }: Reach, sources: SettingSources): Obstacle | undefined {
  const found = obstacleOfWebhook(configurations, sources.namespace, sources.pod);
  if (!found || !policies) return found;
  if (policiesFor(policies, sources).length > 0) return undefined;
  if (found !== 'not-installed') return found;
  return policies.all === undefined ? undefined : policies.all.length > 0 ? 'no-policy' : found;
}

function obstacleOfWebhook(
  configurations: readonly JsonObject[] | undefined,
  namespace: LabelledNamespace,
  pod: Pod,
): Obstacle | undefined {
  if (!configurations) return undefined;
  if (configurations.every((one) => ownEntries(one).length === 0)) return 'not-installed';
  const matches = matchOf(configurations, namespace, pod);
  if (matches.every(({ called }) => called === 'no')) return 'never-called';
  return doCallsFail(matches) ? 'calls-fail' : undefined;
}

/** True if entries are called, and each call fails as far as the configuration shows. */
export function doCallsFail(matches: readonly EntryMatch[]): boolean {
  const called = matches.filter((one) => one.called !== 'no');
  return called.length > 0 && called.every((one) => one.called === 'yes' && one.why !== undefined);
}
