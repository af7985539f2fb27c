import { type JsonObject, objectIn, objectsIn, textIn } from '../lib/json.ts';
import { listed } from '../lib/text.ts';
import type { Check } from './checks/check.ts';
import { coversPodCreation } from './webhook-match.ts';

/** What changes or checks pods besides mutating webhooks: lists of objects of admissionregistration.k8s.io. */
export interface PolicyObjects {
  readonly mutating: readonly JsonObject[];
  readonly mutatingBindings: readonly JsonObject[];
  readonly validating: readonly JsonObject[];
  readonly validatingBindings: readonly JsonObject[];
  readonly validatingWebhooks: readonly JsonObject[];
}

/** Policies act only where a binding names them. */
export function checkPolicies(found: PolicyObjects): readonly Check[] {
  const name = 'policies';
  const mutating = boundPolicies(found.mutating, found.mutatingBindings);
  const webhooks = found.validatingWebhooks
    .filter((one) => objectsIn(one, 'webhooks').some(coversPodCreation))
    .map(nameOf);
  const validating = [...boundPolicies(found.validating, found.validatingBindings.filter(denies)), ...webhooks];
  const checks: readonly Check[] = [
    ...mutating.map((policy): Check => {
      const message = `MutatingAdmissionPolicy ${policy} modifies pods: before all webhooks, and after agent-injector only if it is called again (reinvocationPolicy)`;
      return { name, result: 'note', message };
    }),
    ...(validating.length === 0
      ? []
      : [
          {
            name,
            result: 'note',
            message: `${listed(validating, MAX_LISTED)} may refuse pods after agent-injector has changed them: plan --label-namespace NAME --server-dry-run shows which`,
          } as const,
        ]),
  ];
  return checks.length > 0
    ? checks
    : [{ name, result: 'ok', message: 'no policy modifies or checks pods on creation' }];
}

const MAX_LISTED = 5;

function boundPolicies(policies: readonly JsonObject[], bindings: readonly JsonObject[]): readonly string[] {
  const bound = new Set(bindings.map((one) => textIn(objectIn(one, 'spec'), 'policyName')));
  return policies.filter((policy) => bound.has(nameOf(policy)) && coversPods(policy)).map(nameOf);
}

function coversPods(policy: JsonObject): boolean {
  const constraints = objectIn(objectIn(policy, 'spec'), 'matchConstraints');
  return coversPodCreation({ rules: objectsIn(constraints, 'resourceRules') });
}

function denies(binding: JsonObject): boolean {
  const actions = objectIn(binding, 'spec')['validationActions'];
  return Array.isArray(actions) && actions.includes('Deny');
}

function nameOf(object: JsonObject): string {
  return textIn(objectIn(object, 'metadata'), 'name');
}
