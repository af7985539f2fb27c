import type { KubeClient } from '../cluster/client/types.ts';
import { readExportedPolicies } from './cluster/policies.ts';
import type { OfflineInputs, OfflineOptions } from '../config/catalogue.ts';
import {
  type ExportedPolicy,
  policiesCovering,
  type PoliciesInForce,
} from '../diagnostics/decisions/exported-policies.ts';
import { REVISION_LABEL } from '../api/keys.ts';
import type { JsonObject } from '../lib/json.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import { type Catalogue, withDefaults, withUnread } from '../profiles/catalogue.ts';
import { type ServerSettings, serverSettings, type SettingsFor, type UnknownSettings } from './installed-settings.ts';

/**
 * The settings by which a command on a cluster decides, as `serverSettings` has them; where no webhook is installed, those with which the policies were
 * exported that select the namespace. Never throws.
 */
export async function clusterSettings(
  client: KubeClient,
  options: OfflineOptions,
  own: OfflineInputs,
  configurations?: readonly JsonObject[],
): Promise<SettingsFor> {
  const [base, all] = await Promise.all([
    serverSettings(client, options, own, configurations),
    readExportedPolicies(client),
  ]);
  // The same object for all namespaces of the same policies: what depends on it is read once.
  const known = new Map<ServerSettings, Map<string, ServerSettings>>();
  return (namespace) => {
    const settings = base(namespace);
    const covering = all ? policiesCovering(all, namespace).filter(({ values }) => values !== 'missing') : [];
    const revision = namespace.labels[REVISION_LABEL];
    const made = known.get(settings) ?? new Map<string, ServerSettings>();
    known.set(settings, made);
    const id = JSON.stringify([covering.length > 0 && revision, covering.map(({ name }) => name)]);
    const found = made.get(id) ?? withPolicies(settings, { all, covering }, revision);
    made.set(id, found);
    return found;
  };
}

function withPolicies(
  settings: ServerSettings,
  policies: PoliciesInForce,
  revision: string | undefined,
): ServerSettings {
  if (settings.unknown?.code !== 'not-installed') return { ...settings, policies };
  const { all, covering } = policies;
  if (all === undefined) {
    const unknown: UnknownSettings = { code: 'forbidden', message: POLICIES_UNREAD };
    return { ...settings, policies, unknown, catalogue: withUnread(settings.catalogue, 'settings') };
  }
  const [first] = covering;
  if (!first) return { ...settings, policies };
  const { unknown: _notInstalled, catalogue: own, ...rest } = settings;
  const { breaker: _breaker, ...options } = rest.options;
  const unknown = problemOf(own, covering);
  const catalogue = withDefaults({ ...own, ...(revision !== undefined && { revision }) }, [
    ...covering.flatMap(valuesOf),
    ['profile', first.origin.profile],
    ['delivery', first.origin.delivery],
  ]);
  return {
    ...rest,
    // A policy looks nothing up.
    policies,
    options: { ...options, checks: '', configMapKeys: false },
    catalogue: unknown ? withUnread(catalogue, unknown.code === 'forbidden' ? 'settings' : 'files') : catalogue,
    from: `MutatingAdmissionPolicy ${first.name}`,
    ...(unknown && { unknown }),
  };
}

/** No webhook is installed, so only a policy can inject. */
export const POLICIES_UNREAD =
  'no webhook is installed, and you are not allowed to list MutatingAdmissionPolicies with their bindings, by which pods may get an agent';

/** Each value for the profile of its policy alone, the ConfigMap over what was exported. */
function valuesOf({ origin, values }: ExportedPolicy): readonly (readonly [name: string, text: string])[] {
  const ofConfigMap = typeof values === 'object' ? Object.entries(values) : [];
  return [...Object.entries(origin.parameters), ...ofConfigMap].flatMap(([name, text]) =>
    typeof text === 'string' ? [[name.includes('.') ? name : `${name}.${origin.profile}`, text] as const] : [],
  );
}

/** What of the policies is not known here. */
function problemOf({ profiles }: Catalogue, covering: readonly ExportedPolicy[]): UnknownSettings | undefined {
  const unread = covering.find(({ values }) => values === 'unread');
  const at = unread?.origin.parametersConfigMap;
  if (unread && at)
    return { code: 'forbidden', message: `ConfigMap ${at.namespace}/${at.name} of ${unread.name} cannot be read` };
  for (const { name, origin } of covering) {
    const profile = profiles.get(origin.profile);
    const what = profile ? 'has another version' : 'is not known';
    if (!profile || profileHash(profile) !== origin.hash)
      return {
        code: 'invalid',
        message: `profile ${origin.profile} of MutatingAdmissionPolicy ${name} ${what} here: export the policy again, or use --profiles DIR`,
      };
  }
  return undefined;
}
