import type { Container } from '../../kubernetes/pod.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { splitList } from '../../lib/text.ts';
import { type SettingSources, resolveSetting } from '../../settings/resolve.ts';

export type EnvFromPresence = 'present' | 'absent' | 'unknown';

export type EnvFromLookup = (name: string) => EnvFromPresence;

/**
 * Looks up variables by the `env-from-keys` setting, else by the keys of the ConfigMaps that are known; the keys of a Secret never are. The
 * kubelet puts these variables before all of `env` (kubelet_pods.go makeEnvironmentVariables), so a `$(NAME)` in `env` finds them.
 */
export function envFromPresence(sources: SettingSources, container: Container): EnvFromLookup {
  const envFrom = Array.isArray(container['envFrom']) ? container['envFrom'] : [];
  if (envFrom.length === 0) return () => 'absent';
  const setting = resolveSetting(sources, 'env-from-keys', container.name);
  if (setting) {
    const keys = new Set(splitList(setting.text));
    return (name) => (keys.has(name) ? 'present' : 'absent');
  }
  const lookups = envFrom.map((source: Json) => configMapLookup(sources, source));
  return (name) => {
    if (lookups.some((has) => has?.(name))) return 'present';
    return lookups.includes(undefined) ? 'unknown' : 'absent';
  };
}

function configMapLookup(
  { cluster, namespace }: SettingSources,
  source: Json,
): ((name: string) => boolean) | undefined {
  const reference = isObject(source) ? source['configMapRef'] : undefined;
  if (!isObject(source) || !isObject(reference) || typeof reference['name'] !== 'string') return undefined;
  const keys = cluster.configMapKeys(namespace.name, reference['name']);
  if (!keys) return undefined;
  const prefix = typeof source['prefix'] === 'string' ? source['prefix'] : '';
  return (name) => name.startsWith(prefix) && keys.has(name.slice(prefix.length));
}
