import type { Decision } from '../../admission/decision.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { describeFailure } from '../../cluster/client/errors.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { readNamespaceList } from '../cluster/namespaces.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import { errorMessage } from '../../lib/error-message.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { SettingsFor } from '../installed-settings.ts';

/** What every group of checks looks at. */
export interface World {
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** Why the namespaces could not be listed; absent if they were. */
  readonly problem?: string;
}

/** What the groups of checks share. `configurations`: undefined if the webhook configurations cannot be read. */
export interface Surroundings {
  readonly client: KubeClient;
  readonly settingsFor: SettingsFor;
  readonly configurations: readonly JsonObject[] | undefined;
  readonly world: World;
}

/** The decision on a sample pod in a namespace. */
export interface Sampled {
  readonly namespace: Namespace;
  readonly decision: Decision;
  /** Something could not be read on which the decision depends. */
  readonly isUndecided: boolean;
  readonly pod: Pod;
}

/** Throws an Error if the cluster does not answer. What may not be read is a problem of the checks that need it. */
export async function readWorld(client: KubeClient): Promise<World> {
  const version = await readOnce(client, '/version');
  if (version.kind !== 'ok' && version.kind !== 'http') throw new Error(`cannot look: ${describeFailure(version)}`);
  try {
    return { namespaces: await readNamespaceList(client) };
  } catch (error) {
    return { namespaces: new Map(), problem: errorMessage(error) };
  }
}
