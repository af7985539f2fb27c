import { WEBHOOK_PATH_ANNOTATION } from '../../api/keys.ts';
import { MUTATE_PATH, parseWebhookPath, REQUIRED_PATH, webhookPath } from '../../api/paths.ts';
import { isObject, type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { type Service, selectsRequired } from './drift.ts';
import { caBundleOf, webhooksOf } from './entries.ts';

const PLAIN_PATHS: readonly string[] = [MUTATE_PATH, REQUIRED_PATH];

/** Path of an entry as the configuration shows it; undefined if the entry calls something other than this Service: what that calls is not known. */
function shownPath(entry: JsonObject, { name, namespace }: Service): string | undefined {
  const { service } = objectIn(entry, 'clientConfig');
  const isOurs = isObject(service) && service['name'] === name && service['namespace'] === namespace;
  return isOurs ? textIn(service, 'path') : undefined;
}

/** True if the configuration asks for paths with a secret. Its annotation is the only switch, so that replicas cannot disagree on it. */
export function asksForSecret(configuration: JsonObject): boolean {
  return objectIn(objectIn(configuration, 'metadata'), 'annotations')[WEBHOOK_PATH_ANNOTATION] === 'secret';
}

/**
 * Paths on which calls of this configuration can arrive. Plain paths are among them unless a secret is asked for, and if an entry calls a URL or
 * another Service: these lead here in a way that is not known.
 */
export function pathsIn(configuration: JsonObject, service: Service): readonly string[] {
  const shown = webhooksOf(configuration).map((entry) => shownPath(entry, service));
  const isPlain = !asksForSecret(configuration) || shown.includes(undefined);
  const known = shown.flatMap((path = '') => (parseWebhookPath(path) ? [path] : []));
  return [...new Set([...(isPlain ? PLAIN_PATHS : []), ...known])];
}

/**
 * The path to write into an entry; undefined if the present one stays. Only a missing path, and paths of this server are replaced. `secret`:
 * undefined for plain paths. `isKnownEverywhere` is false while a replica may not know the secret: an entry that can be called keeps its path then.
 */
export function pathToWrite(
  entry: JsonObject,
  service: Service,
  { secret, isKnownEverywhere }: { readonly secret: string | undefined; readonly isKnownEverywhere: boolean },
): string | undefined {
  const shown = shownPath(entry, service);
  if (shown === '') return webhookPath({ required: selectsRequired(entry), secret });
  const parsed = parseWebhookPath(shown ?? '');
  const isInUse = caBundleOf(entry) !== '';
  if (!parsed || (isInUse && secret !== undefined && !isKnownEverywhere)) return undefined;
  const path = webhookPath({ required: parsed.required, secret });
  return path === shown ? undefined : path;
}
