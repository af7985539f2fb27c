import type { JsonObject } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';

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
