import { ENABLED, INJECTION_LABEL, REVISION_LABEL, STATUS_ANNOTATION } from '../api/keys.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Result } from '../lib/result.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { withDefaults } from '../profiles/catalogue.ts';
import type { Delivery } from '../profiles/delivery.ts';
import type { Profile } from '../profiles/profile.ts';
import { bindings } from './bindings.ts';
import { mutation } from './mutation.ts';
import { inexpressible } from './inexpressible.ts';
import { validation } from './validation.ts';
import { policyVariables } from './variables.ts';

export type PolicyApi = 'v1' | 'v1beta1';

export interface ExportOptions {
  /** The name of one of the profile's deliveries. */
  readonly delivery: string;
  /** Values of parameters, by `NAME` or `NAME.PROFILE`, as cluster defaults. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The ConfigMap whose keys are names of parameters. */
  readonly parametersConfigMap?: { readonly namespace: string; readonly name: string };
  /** In addition to the label that opts a namespace in. */
  readonly namespaceSelector?: JsonObject;
  readonly api: PolicyApi;
  readonly catalogue: Catalogue;
}

/** What the Common Expression Language cannot say, and what to do. */
export interface ExportProblem {
  readonly what: string;
  readonly instead: string;
}

/** Objects as the API server takes them. */
export interface ExportedPolicies {
  readonly mutating: JsonObject;
  readonly mutatingBinding: JsonObject;
  readonly validating: JsonObject;
  readonly validatingBinding: JsonObject;
}

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
      metadata: { name },
      spec: {
        ...common,
        reinvocationPolicy: 'IfNeeded',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: mutation(context, catalogue) } }],
      },
    },
    mutatingBinding: { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name }, spec: mutatingBinding },
    validating: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: { ...common, ...validation(profile) },
    },
    validatingBinding: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: validatingBinding,
    },
  };
}

/** A pod with a record is one that the webhook or a policy has decided on. */
const WITHOUT_RECORD = `!has(object.metadata.annotations) || !(${JSON.stringify(STATUS_ANNOTATION)} in object.metadata.annotations)`;

/** The namespaces that the webhook of this release serves. */
function matchConstraints({ namespaceSelector = {}, catalogue: { revision } }: ExportOptions): JsonObject {
  const { matchLabels, matchExpressions } = namespaceSelector;
  return {
    namespaceSelector: {
      matchLabels: { ...(typeof matchLabels === 'object' && matchLabels), [INJECTION_LABEL]: ENABLED },
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

