import { isObject, type JsonObject, objectIn, parsedJson, textIn } from '../lib/json.ts';
import { key } from './keys.ts';

/** Label of the admission policies that were exported from a profile: its name. */
export const POLICY_LABEL: string = key('policy');

/** Annotation of an exported policy: what commands need to decide as it does, as JSON. */
export const POLICY_ANNOTATION: string = key('policy');

/** From what a policy was exported. */
export interface PolicyOrigin {
  readonly profile: string;
  /** Of the version of the profile. */
  readonly hash: string;
  readonly delivery: string;
  /** Values of parameters, by `NAME` or `NAME.PROFILE`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The ConfigMap whose keys are names of parameters. */
  readonly parametersConfigMap?: { readonly namespace: string; readonly name: string };
}

/** The labels and annotations of an exported policy. */
export function policyMetadata(origin: PolicyOrigin): JsonObject {
  return {
    labels: { [POLICY_LABEL]: origin.profile },
    annotations: { [POLICY_ANNOTATION]: JSON.stringify(origin) },
  };
}

/** Undefined if the object is not a policy that was exported, or its annotation was changed by hand. */
export function readPolicyOrigin(policy: JsonObject): PolicyOrigin | undefined {
  const json = parsedJson(textIn(objectIn(objectIn(policy, 'metadata'), 'annotations'), POLICY_ANNOTATION));
  const value = isObject(json) ? json : {};
  const [profile, hash, delivery] = ['profile', 'hash', 'delivery'].map((name) => textIn(value, name));
  if (!profile || !hash || !delivery) return undefined;
  const parameters = Object.entries(objectIn(value, 'parameters')).flatMap(([name, text]) =>
    typeof text === 'string' ? [[name, text] as const] : [],
  );
  const at = objectIn(value, 'parametersConfigMap');
  const configMap = { namespace: textIn(at, 'namespace'), name: textIn(at, 'name') };
  return {
    profile,
    hash,
    delivery,
    parameters: Object.fromEntries(parameters),
    ...(configMap.name !== '' && { parametersConfigMap: configMap }),
  };
}
