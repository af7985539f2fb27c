import { type PolicyOrigin, readPolicyOrigin } from '../../api/exported-policy.ts';
import { selectorMatches } from '../../kubernetes/label-selector.ts';
import { containersOf } from '../../kubernetes/pod.ts';
import { type JsonObject, objectIn, objectsIn, textIn } from '../../lib/json.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import { profilesFor } from '../../settings/selected-profiles.ts';
import type { LabelledNamespace } from '../webhook-match.ts';

/** A MutatingAdmissionPolicy that `export policy` has written, and that a binding puts in force. */
export interface ExportedPolicy {
  readonly name: string;
  readonly origin: PolicyOrigin;
  readonly object: JsonObject;
  /** The values of its ConfigMap; `missing`: it does not exist, and the policy does nothing. */
  readonly values?: JsonObject | 'missing' | 'unread';
}

/** The exported policies in a cluster. */
export interface PoliciesInForce {
  /** Undefined if they could not be read. */
  readonly all: readonly ExportedPolicy[] | undefined;
  /** Those that select the namespace, in the order in which the API server carries them out. */
  readonly covering: readonly ExportedPolicy[];
}

/** Of lists of MutatingAdmissionPolicies and of their bindings. */
export function exportedPolicies(
  policies: readonly JsonObject[],
  bindings: readonly JsonObject[],
): readonly ExportedPolicy[] {
  const bound = new Set(bindings.map((one) => textIn(objectIn(one, 'spec'), 'policyName')));
  return policies
    .flatMap((object): readonly ExportedPolicy[] => {
      const name = textIn(objectIn(object, 'metadata'), 'name');
      const origin = readPolicyOrigin(object);
      return origin && bound.has(name) ? [{ name, origin, object }] : [];
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

export function policiesCovering(
  policies: readonly ExportedPolicy[],
  { labels }: LabelledNamespace,
): readonly ExportedPolicy[] {
  return policies.filter(({ object }) => {
    const constraints = objectIn(objectIn(object, 'spec'), 'matchConstraints');
    return (
      objectsIn(constraints, 'resourceRules').length > 0 && selectorMatches(constraints['namespaceSelector'], labels)
    );
  });
}

/** The policies that are for an agent that the pod asks for. */
export function policiesFor({ covering }: PoliciesInForce, sources: SettingSources): readonly ExportedPolicy[] {
  if (covering.length === 0) return [];
  const names = containersOf(sources.pod).flatMap((container) => {
    const profiles = profilesFor(sources, container);
    return profiles.ok ? profiles.value.map(({ name }) => name) : [];
  });
  const asked = new Set(names);
  return covering.filter(({ origin }) => asked.has(origin.profile));
}
