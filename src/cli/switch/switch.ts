import {
  type InjectionMode,
  MAX_REASON_LENGTH,
  MODE_KEY,
  PROFILE_KEY_PREFIX,
  readSwitch,
  REASON_KEY,
  suspendedKey,
  suspensionIn,
} from '../../api/injection-switch.ts';
import { SUSPENDED } from '../../api/keys.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { annotateNamespace, changeConfigMap, type Changes } from '../../cluster/switch-store.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { isDnsLabel } from '../../kubernetes/names.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type ClusterOptions, openUserCluster } from '../../server/cluster.ts';
import { readNamespaceList } from '../cluster/namespaces.ts';
import type { CommandResult } from '../command-result.ts';
import { indent } from '../format.ts';
import { checkProfileName } from './profile-name.ts';
import { unansweredLines } from './unanswered.ts';
import { findReleases, releaseNamed, type SwitchedRelease } from './releases.ts';

export interface SwitchOptions extends ClusterOptions {
  readonly namespace?: string | undefined;
  readonly profile?: string | undefined;
  /** Directory of profiles that the servers have in addition to the built-in ones. */
  readonly profiles?: string | undefined;
  readonly reason?: string | undefined;
  readonly mode?: Exclude<InjectionMode, 'on'> | undefined;
  readonly revision?: string | undefined;
  readonly switch?: string | undefined;
}

/** Stops injection in the cluster, in a namespace, or of a profile. Throws an Error if it cannot be written. */
export async function stop(options: SwitchOptions): Promise<CommandResult> {
  const { namespace, profile, mode = 'off' } = options;
  const reason = checked(options);
  if (mode === 'dry-run' && (namespace !== undefined || profile !== undefined))
    throw new UsageError(['--mode dry-run applies to the whole cluster: leave out --namespace and --profile']);
  const messages = await checkProfileName(options);
  const client = await openUserCluster(options);
  const what = subject(options);
  if (namespace !== undefined) {
    const found = await requireEffect(client);
    await annotate(client, namespace, { [suspendedKey(profile)]: reason === '' ? 'true' : reason });
    const effects = [...(await unansweredLines(client, found)), ...consequences(options, undefined)];
    return printed([`injection is stopped for ${what}`, ...effects.map(indent)], messages);
  }
  const releases = await releasesOf(client, options);
  const changes = profile === undefined ? modeChanges(mode, reason) : { [PROFILE_KEY_PREFIX + profile]: reason };
  const message = `injection is ${mode === 'dry-run' ? 'only reported' : 'stopped'} for ${what}`;
  const lines = await changeEach(client, releases, changes, message);
  const effects = [...(await unansweredLines(client, releases)), ...consequences(options, releases)];
  return printed([...lines, ...effects.map(indent)], messages);
}

/** Undoes `stop` with the same flags. Throws an Error if it cannot be written. */
export async function start(options: SwitchOptions): Promise<CommandResult> {
  const { namespace, profile } = options;
  checked(options);
  const client = await openUserCluster(options);
  const what = subject(options);
  if (namespace !== undefined) {
    await annotate(client, namespace, { [suspendedKey(profile)]: null });
    return printed([`injection is started again for ${what}`, indent(RESTART)]);
  }
  const releases = await releasesOf(client, options);
  const changes =
    profile === undefined ? { [MODE_KEY]: null, [REASON_KEY]: null } : { [PROFILE_KEY_PREFIX + profile]: null };
  const lines = await changeEach(client, releases, changes, `injection is started again for ${what}`);
  const rest = [...remaining(releases), ...(await stillStopped(client, profile))];
  return printed([...lines, ...rest.map(indent), indent(RESTART)]);
}

/** The namespaces that have been stopped by themselves, as far as the user may list them. */
async function stillStopped(client: KubeClient, profile: string | undefined): Promise<readonly string[]> {
  const namespaces = await readNamespaceList(client).catch(() => new Map<string, Namespace>());
  const stopped = [...namespaces.values()].filter(({ annotations }) => {
    const value = annotations[suspendedKey(profile)];
    return value !== undefined && suspensionIn(value) !== undefined;
  });
  const flag = profile === undefined ? '' : ` --profile ${profile}`;
  return stopped.map(({ name }) => `Namespace ${name} is still stopped: agent-injector start -n ${name}${flag}`);
}

const RESTART =
  'Pods that started without the agent get it when they are created again: kubectl -n NAMESPACE rollout restart deployment/NAME';

function checked({ profile, reason = '', namespace }: SwitchOptions): string {
  const problems = [
    ...(profile === undefined || isDnsLabel(profile) ? [] : [`--profile: "${profile}" is not the name of a profile`]),
    ...(namespace === undefined || isDnsLabel(namespace)
      ? []
      : [`--namespace: "${namespace}" is not the name of a namespace`]),
    ...(reason.length <= MAX_REASON_LENGTH ? [] : [`--reason: at most ${MAX_REASON_LENGTH} characters`]),
  ];
  if (problems.length > 0) throw new UsageError(problems);
  return reason.trim() === 'false' ? 'stopped (false)' : reason.trim();
}

function subject({ namespace, profile }: SwitchOptions): string {
  const where = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
  return profile === undefined ? where : `profile ${profile} in ${where}`;
}

function modeChanges(mode: InjectionMode, reason: string): Changes {
  return { [MODE_KEY]: mode, [REASON_KEY]: reason === '' ? null : reason };
}

/** The releases that are found. Throws an Error if every one is known to ignore the annotation of namespaces: a stop without effect must not look like one. */
async function requireEffect(client: KubeClient): Promise<readonly SwitchedRelease[]> {
  const releases = await findReleases(client, undefined, '--switch').catch(() => []);
  if (releases.length > 0 && releases.every(isLockedIn))
    throw new Error(
      `the servers ignore ${suspendedKey()} of namespaces (settableBy.${SUSPENDED}): stop the cluster or a profile, without --namespace`,
    );
  return releases;
}

function isLockedIn({ options }: SwitchedRelease): boolean {
  return options?.settableBy?.get(SUSPENDED)?.includes('namespace') === false;
}

async function annotate(client: KubeClient, namespace: string, changes: Changes): Promise<void> {
  const done = await annotateNamespace(client, namespace, changes);
  if (!done.ok) throw new Error(`cannot annotate namespace ${namespace}: ${done.why}`);
}

function releasesOf(client: KubeClient, options: SwitchOptions): Promise<readonly SwitchedRelease[]> {
  if (options.switch !== undefined) return Promise.resolve([releaseNamed(options.switch, '--switch')]);
  return findReleases(client, options.revision, '--switch');
}

/** Writes the change for each release. One that cannot be written is an Error that names those that were. */
async function changeEach(
  client: KubeClient,
  releases: readonly SwitchedRelease[],
  changes: Changes,
  message: string,
): Promise<readonly string[]> {
  const results = await Promise.all(
    releases.map(async (release) => ({ release, done: await changeConfigMap(client, release.configMap, changes) })),
  );
  const lines = results.flatMap(({ release: { configMap }, done }) => {
    const at = `ConfigMap ${configMap.namespace}/${configMap.name}`;
    if (!done.ok) return [];
    const { profiles } = readSwitch(done.data, at);
    const others = profiles.size === 0 ? [] : [indent(`suspended profiles: ${[...profiles.keys()].join(', ')}`)];
    return [`${message} (${at})`, ...others];
  });
  const failed = results.flatMap(({ release: { configMap }, done }) =>
    done.ok ? [] : [`ConfigMap ${configMap.namespace}/${configMap.name}: ${done.why}`],
  );
  if (failed.length > 0) throw new Error([...failed, ...lines].join('; '));
  return lines;
}

function consequences(options: SwitchOptions, releases: readonly SwitchedRelease[] | undefined): readonly string[] {
  const strict = releases?.some((release) => release.options?.strictRequired === true) === true;
  const isUnknown = releases?.every((release) => release.options) !== true;
  const required = strict
    ? 'REFUSED until injection is started again: strictRequired is on'
    : `admitted without it${isUnknown ? ', unless strictRequired is on: then they are refused' : ''}`;
  const isDryRun = options.mode === 'dry-run';
  return [
    'In force within 2 seconds in each replica that runs.',
    isDryRun
      ? 'New pods are not changed. What would be injected is in metrics, logs, warnings, audit annotations and Events.'
      : 'New pods start without the agent, with a record and a warning.',
    `Pods that require the agent are ${required}.`,
    'Running pods keep their agent. To remove it, restart their workloads: kubectl -n NAMESPACE rollout restart deployment/NAME',
    `To undo: kubectl agent-injector start${flagsOf(options)}`,
  ];
}

function flagsOf({ namespace, profile, revision, switch: configMap, context, kubeconfig }: SwitchOptions): string {
  const given = { profile, namespace, revision, switch: configMap, context, kubeconfig };
  return Object.entries(given)
    .map(([name, value]) => (value === undefined ? '' : ` --${name} ${value}`))
    .join('');
}

/** What keeps injection off although the switch is on. */
function remaining(releases: readonly SwitchedRelease[]): readonly string[] {
  return releases.flatMap(({ options, configMap }) =>
    options && options.injection !== 'on'
      ? [
          `The setting injection of the servers in namespace ${configMap.namespace} is still ${options.injection}: change it in the configuration.`,
        ]
      : [],
  );
}

function printed(lines: readonly string[], messages: readonly string[] = []): CommandResult {
  return { output: { kind: 'lines', lines }, messages, exitCode: 0 };
}
