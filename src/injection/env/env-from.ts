import type { Container } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { splitList } from '../../lib/text.ts';
import { type SettingSources, resolveSetting } from '../../settings/resolve.ts';

/** Whether a container gets a variable by `envFrom`. */
export type EnvFromPresence = 'present' | 'absent' | 'unknown';

/**
 * Whether the variables of a container come by `envFrom`: by what the author says (`env-from-keys`), else by the keys of the ConfigMaps as
 * far as they are known. A Secret's keys never are. The kubelet puts these variables before all of `env` (kubelet_pods.go
 * makeEnvironmentVariables), so a `$(NAME)` in `env` finds them.
 */
export function envFromPresence(context: SettingSources, container: Container): (name: string) => EnvFromPresence {
  const sources = Array.isArray(container['envFrom']) ? container['envFrom'] : [];
  if (sources.length === 0) return () => 'absent';
  const said = resolveSetting(context, 'env-from-keys', container.name);
  if (said) {
    const keys = new Set(splitList(said.text));
    return (name) => (keys.has(name) ? 'present' : 'absent');
  }
  const known = sources.map((source: Json) => keysOf(context, source));
  return (name) => {
    if (known.some((has) => has?.(name))) return 'present';
    return known.includes(undefined) ? 'unknown' : 'absent';
  };
}

/** Whether one source gives a variable; undefined where its keys are not known. */
function keysOf({ cluster, namespace }: SettingSources, source: Json): ((name: string) => boolean) | undefined {
  const reference = isObject(source) ? source['configMapRef'] : undefined;
  if (!isObject(source) || !isObject(reference) || typeof reference['name'] !== 'string') return undefined;
  const keys = cluster.configMapKeys(namespace.name, reference['name']);
  const { prefix } = source;
  if (!keys) return undefined;
  const start = typeof prefix === 'string' ? prefix : '';
  return (name) => name.startsWith(start) && keys.has(name.slice(start.length));
}
