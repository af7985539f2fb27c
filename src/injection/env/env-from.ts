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
  const lookups = envFrom.map((source: Json) => lookupIn(sources, source));
  return (name) => {
    const found = new Set(lookups.map((lookup) => lookup(name)));
    return (['present', 'unknown'] as const).find((presence) => found.has(presence)) ?? 'absent';
  };
}

/** All variables of a source begin with its prefix, whether its keys can be read or not. */
function lookupIn(sources: SettingSources, source: Json): EnvFromLookup {
  const prefix = isObject(source) && typeof source['prefix'] === 'string' ? source['prefix'] : '';
  const keys = keysOf(sources, source);
  return (name) => {
    if (!name.startsWith(prefix) || name === prefix) return 'absent';
    if (!keys) return 'unknown';
    return keys.has(name.slice(prefix.length)) ? 'present' : 'absent';
  };
}

function keysOf({ cluster, namespace }: SettingSources, source: Json): ReadonlySet<string> | undefined {
  const reference = isObject(source) ? source['configMapRef'] : undefined;
  if (!isObject(reference) || typeof reference['name'] !== 'string') return undefined;
  return cluster.configMapKeys(namespace.name, reference['name']);
}
