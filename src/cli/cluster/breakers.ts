import { type Breaker, readBreakers } from '../../api/breaker.ts';
import { describeFailure, isNotFound } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { objectNameIn } from '../../cluster/object-name.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { objectIn } from '../../lib/json.ts';
import type { ServerSettings } from '../installed-settings.ts';

/** The circuit breakers of a release; undefined if they could not be read. */
export interface KnownBreakers {
  readonly all: readonly Breaker[] | undefined;
  /** Why not, as a sentence fragment; absent where nothing is known of the server at all. */
  readonly problem?: string;
}

/** Reads the circuit breakers that a server watches. Without an observer, or before it has opened one, there are none. Never throws. */
export async function readKnownBreakers(
  client: KubeClient,
  { options, from, unknown }: Pick<ServerSettings, 'options' | 'from' | 'unknown'>,
): Promise<KnownBreakers> {
  if (options.breaker === undefined) {
    const isUnknown = from === undefined && unknown !== undefined && unknown.code !== 'not-installed';
    return { all: isUnknown ? undefined : [] };
  }
  const { namespace, name } = objectNameIn(options.breaker);
  const answer = await readOnce(client, `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (answer.kind === 'ok') return { all: [...readBreakers(objectIn(answer.body, 'data')).values()] };
  if (isNotFound(answer)) return { all: [] };
  const problem = `ConfigMap ${namespace}/${name} could not be read: ${describeFailure(answer)}: ${BREAKERS_UNKNOWN}`;
  return { all: undefined, problem };
}

export const BREAKERS_UNKNOWN = 'whether circuit breakers are open is not known';
