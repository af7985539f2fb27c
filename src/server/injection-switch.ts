import type { Logger } from 'pino';
import { type InjectionMode, readSwitch, type SwitchState } from '../api/injection-switch.ts';
import { ConfigMapWatch } from '../cluster/caches/config-map.ts';
import type { KubeClient } from '../cluster/client/types.ts';
import { objectNameIn } from '../cluster/object-name.ts';
import type { Config } from '../config/config.ts';
import { UsageError } from '../lib/usage-error.ts';
import { type Catalogue, withSwitch } from '../profiles/catalogue.ts';

export interface SwitchedCatalogue {
  /** The catalogue with the state of the switch: another object as soon as either changes, so that no earlier answer counts. */
  readonly catalogue: () => Catalogue;
  /** A replica that does not know whether it was stopped must not inject. */
  readonly notReady: () => readonly string[];
  readonly notes: () => readonly string[];
  readonly gauges: () => InjectionGauges;
  readonly whenSynced: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface InjectionGauges {
  readonly mode: InjectionMode;
  readonly suspendedProfiles: number;
}

/** Watches the switch if a setting names its ConfigMap. Throws a UsageError if there is no cluster for it. */
export function openInjectionSwitch(
  { switch: configMap, injection }: Pick<Config, 'switch' | 'injection'>,
  client: KubeClient | undefined,
  base: () => Catalogue,
  logger: Logger,
): SwitchedCatalogue {
  if (injection !== 'on') logger.warn({ injection }, 'the setting injection changes no pod');
  if (configMap === undefined) return withoutWatch(base);
  if (!client) throw new UsageError(['switch requires a cluster: not running in a pod, and no kubeconfig given']);
  const watch = new ConfigMapWatch<SwitchState>(client, {
    ...objectNameIn(configMap),
    read: (data) => readSwitch(data, `ConfigMap ${configMap}`),
    onChange: (state) => logState(state, logger),
    logger,
  }).start();
  const catalogue = switched(base, () => watch.value());
  return {
    catalogue,
    notReady: () =>
      watch.status().synced ? [] : [`whether injection is stopped (ConfigMap ${configMap}) is not known yet`],
    notes: () => [...watch.value().problems, ...suspensionNotes(catalogue())],
    gauges: () => gaugesOf(catalogue()),
    whenSynced: () => watch.whenSynced(),
    stop: () => watch.stop(),
  };
}

function withoutWatch(catalogue: () => Catalogue): SwitchedCatalogue {
  return {
    catalogue,
    notReady: () => [],
    notes: () => suspensionNotes(catalogue()),
    gauges: () => gaugesOf(catalogue()),
    whenSynced: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/** Both are compared as objects, so a review costs two comparisons. */
function switched(base: () => Catalogue, state: () => SwitchState): () => Catalogue {
  let last: { readonly base: Catalogue; readonly state: SwitchState; readonly catalogue: Catalogue } | undefined;
  return () => {
    const [catalogue, current] = [base(), state()];
    if (last?.base !== catalogue || last.state !== current)
      last = { base: catalogue, state: current, catalogue: withSwitch(catalogue, current) };
    return last.catalogue;
  };
}

function logState({ mode, by, why, profiles, problems }: SwitchState, logger: Logger): void {
  const suspended = Object.fromEntries([...profiles].map(([name, one]) => [name, one.why]));
  const level = mode === 'on' && profiles.size === 0 ? 'info' : 'warn';
  logger[level](
    { injection: mode, by, ...(why !== '' && { reason: why }), suspended },
    'the switch of injection has changed',
  );
  for (const problem of problems) logger.warn({}, problem);
}

function suspensionNotes({ injection }: Catalogue): readonly string[] {
  if (!injection) return [];
  const { mode, by, why, profiles } = injection;
  return [
    ...(mode === 'on' ? [] : [`injection is ${mode} by ${by}${why === '' ? '' : `: ${why}`}`]),
    ...(profiles.size === 0 ? [] : [`suspended profiles: ${[...profiles.keys()].join(', ')}`]),
  ];
}

function gaugesOf({ injection, profiles }: Catalogue): InjectionGauges {
  const suspended = [...profiles.values()].filter(({ suspended: own, name }) => own || injection?.profiles.has(name));
  return { mode: injection?.mode ?? 'on', suspendedProfiles: suspended.length };
}
