import type { Container } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { words } from '../../lib/text.ts';
import { type Layers, lookUp } from '../../settings/resolve.ts';

/** Whether a container gets a variable by `envFrom`. */
export type Presence = 'present' | 'absent' | 'unknown';

/**
 * Whether the variables of a container come by `envFrom`: by what the author says (`env-from-keys`), else by the keys of the ConfigMaps as
 * far as they are known. A Secret's keys never are. The kubelet puts these variables before all of `env` (kubelet_pods.go
 * makeEnvironmentVariables), so a `$(NAME)` in `env` finds them.
 */
export function providedBy(layers: Layers, container: Container): (name: string) => Presence {
  const sources = Array.isArray(container['envFrom']) ? container['envFrom'] : [];
  if (sources.length === 0) return () => 'absent';
  const said = lookUp(layers, 'env-from-keys', container.name);
  if (said) {
    const keys = new Set(words(said.text));
    return (name) => (keys.has(name) ? 'present' : 'absent');
  }
  const known = sources.map((source: Json) => keysOf(layers, source));
  return (name) => {
    if (known.some((has) => has?.(name))) return 'present';
    return known.includes(undefined) ? 'unknown' : 'absent';
  };
}

/** Whether one source gives a variable; undefined where its keys are not known. */
function keysOf({ cluster, namespace }: Layers, source: Json): ((name: string) => boolean) | undefined {
  const reference = isObject(source) ? source['configMapRef'] : undefined;
  if (!isObject(source) || !isObject(reference) || typeof reference['name'] !== 'string') return undefined;
  const keys = cluster.configMapKeys(namespace.name, reference['name']);
  const { prefix } = source;
  if (!keys) return undefined;
  const start = typeof prefix === 'string' ? prefix : '';
  return (name) => name.startsWith(start) && keys.has(name.slice(start.length));
}
