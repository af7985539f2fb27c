import { POLICY_LABEL, policyMetadata, type PolicyOrigin } from '../api/exported-policy.ts';
import { ENABLED, INJECTION_LABEL, REVISION_LABEL, STATUS_ANNOTATION } from '../api/keys.ts';
import { isObject, type JsonObject } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { withDefaults } from '../profiles/catalogue.ts';
import type { Delivery } from '../profiles/delivery.ts';
import { profileHash } from '../profiles/fingerprint.ts';
import type { Profile } from '../profiles/profile.ts';
import { bindings } from './bindings.ts';
import type { ExportedPolicies, ExportOptions, ExportProblem } from './options.ts';
import { mutation } from './mutation.ts';
import { inexpressible } from './inexpressible.ts';
import { validation } from './validation.ts';
import { policyVariables } from './variables.ts';

export type { ExportedPolicies, ExportOptions, ExportProblem, PolicyApi } from './options.ts';

/** The catalogue of a webhook that decides as the policies do: this profile and this delivery, unless a namespace or a pod says otherwise. */
export function policyCatalogue(
  profile: Profile,
  { catalogue, delivery, parameters }: Pick<ExportOptions, 'catalogue' | 'delivery' | 'parameters'>,
): Catalogue {
  return withDefaults(catalogue, [...parameters, ['profile', profile.name], ['delivery', delivery]]);
}

/** The policies that put the agent of a profile into pods without a server; or everything in the profile that they cannot do. */
export function exportPolicies(
  profile: Profile,
  options: ExportOptions,
): Result<ExportedPolicies, readonly ExportProblem[]> {
  const delivery = profile.deliveries.find(({ name }) => name === options.delivery);
  const problems = inexpressible(profile, delivery, options);
  if (problems.length > 0 || !delivery) return { ok: false, error: problems };
  return { ok: true, value: documents({ profile, delivery }, options) };
}

function documents(
  context: { readonly profile: Profile; readonly delivery: Delivery },
  options: ExportOptions,
): ExportedPolicies {
  const { profile } = context;
  const { api, parametersConfigMap } = options;
  const name = `${profile.name}.agent-injector.io`;
  const metadata = { name, labels: { [POLICY_LABEL]: profile.name } };
  const catalogue = policyCatalogue(profile, options);
  const source = { profile, catalogue, fromConfigMap: parametersConfigMap !== undefined };
  const variables = policyVariables(context, source).map(([variable, expression]) => ({ name: variable, expression }));
  const apiVersion = `admissionregistration.k8s.io/${api}`;
  const common = {
    failurePolicy: 'Ignore',
    ...(parametersConfigMap && { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }),
    matchConstraints: matchConstraints(options),
    matchConditions: [{ name: 'without-record', expression: WITHOUT_RECORD }],
    variables,
  };
  const { mutatingBinding, validatingBinding } = bindings(name, options);
  return {
    mutating: {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name, ...policyMetadata(originOf(context, options)) },
      spec: {
        ...common,
        reinvocationPolicy: 'IfNeeded',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: mutation(context, catalogue) } }],
      },
    },
    mutatingBinding: { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata, spec: mutatingBinding },
    validating: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: { ...common, ...validation(profile) },
    },
    validatingBinding: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: validatingBinding,
    },
  };
}

function originOf(
  { profile, delivery }: { readonly profile: Profile; readonly delivery: Delivery },
  { parameters, parametersConfigMap }: ExportOptions,
): PolicyOrigin {
  return {
    profile: profile.name,
    hash: profileHash(profile),
    delivery: delivery.name,
    parameters: Object.fromEntries(parameters),
    ...(parametersConfigMap && { parametersConfigMap }),
  };
}

/** A pod with a record is one that the webhook or a policy has decided on. */
const WITHOUT_RECORD = `!has(object.metadata.annotations) || !(${JSON.stringify(STATUS_ANNOTATION)} in object.metadata.annotations)`;

/** The namespaces that the webhook of this release serves. */
function matchConstraints({ namespaceSelector = {}, catalogue: { revision } }: ExportOptions): JsonObject {
  const { matchLabels, matchExpressions } = namespaceSelector;
  return {
    namespaceSelector: {
      matchLabels: { ...(isObject(matchLabels) && matchLabels), [INJECTION_LABEL]: ENABLED },
      matchExpressions: [
        revision === undefined
          ? { key: REVISION_LABEL, operator: 'DoesNotExist' }
          : { key: REVISION_LABEL, operator: 'In', values: [revision] },
        ...(Array.isArray(matchExpressions) ? matchExpressions : []),
      ],
    },
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
  };
}
