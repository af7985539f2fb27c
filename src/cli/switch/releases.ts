import { switchOf } from '../../api/injection-switch.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import type { ObjectName } from '../../cluster/object-name.ts';
import { WEBHOOK_CONFIGURATIONS } from '../../cluster/webhook-configuration/entries.ts';
import type { DecisionOptions } from '../../config/decision-options.ts';
import { revisionOf } from '../../diagnostics/overlapping-releases.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { installedOptions, serviceOf } from '../installed-settings.ts';

/** A release whose injection can be switched. */
export interface SwitchedRelease {
  /** The ConfigMap that its servers watch. */
  readonly configMap: ObjectName;
  /** The Service of its servers, whose name begins those of its other objects. */
  readonly service: ObjectName;
  readonly revision: string | undefined;
  /** The name of its webhook configuration; undefined for one that a flag names. */
  readonly configuration: string | undefined;
  /** Undefined if they cannot be read. */
  readonly options: DecisionOptions | undefined;
}

/** The flag of a command that names a ConfigMap, for users who may not look for it. */
export type ConfigMapFlag = '--switch' | '--breaker';

/** The releases that are meant: all of the cluster, or those with the revision. Throws an Error with the remedy if there is none. */
export async function findReleases(
  client: KubeClient,
  revision: string | undefined,
  flag: ConfigMapFlag,
): Promise<readonly SwitchedRelease[]> {
  const answer = await readOnce(client, WEBHOOK_CONFIGURATIONS);
  if (answer.kind !== 'ok')
    throw new Error(`cannot find the installed servers: ${describeFailure(answer)}; name their ConfigMap with ${flag}`);
  const configurations = objectsIn(answer.body, 'items').filter((one) => ownEntries(one).length > 0);
  const meant = configurations.filter((one) => revision === undefined || revisionOf(one) === revision);
  const releases = await Promise.all(meant.map((one) => releaseOf(client, one)));
  const found = releases.filter((one) => one !== undefined);
  if (found.length > 0) return found;
  const [registered] = meant.map((one) => textIn(objectIn(one, 'metadata'), 'name'));
  if (registered !== undefined)
    throw new Error(
      `${registered} is of a server that is registered by its address, which has no ConfigMap: end that server, or kubectl delete mutatingwebhookconfiguration ${registered}`,
    );
  const what = revision === undefined ? '' : ` with revision ${revision}`;
  throw new Error(`no webhook configuration of agent-injector${what} names a Service: name the ConfigMap with ${flag}`);
}

async function releaseOf(client: KubeClient, configuration: JsonObject): Promise<SwitchedRelease | undefined> {
  const service = serviceOf(configuration);
  if (!service) return undefined;
  const options = await installedOptions(client, configuration);
  const name = textIn(objectIn(configuration, 'metadata'), 'name');
  return {
    configMap: switchOf(service),
    service,
    revision: revisionOf(configuration),
    configuration: name,
    options,
  };
}

/** The release of `--switch NAMESPACE/NAME`. */
export function releaseNamed(text: string, flag: ConfigMapFlag): SwitchedRelease {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (namespace === '' || name === '' || rest.length > 0)
    throw new UsageError([`${flag}: "${text}" must be NAMESPACE/NAME`]);
  const named = { namespace, name };
  return { configMap: named, service: named, revision: undefined, configuration: undefined, options: undefined };
}
