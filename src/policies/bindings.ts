import type { JsonObject } from '../lib/json.ts';
import type { ExportOptions } from './options.ts';

/** What puts the policies in force. A pod that a policy cannot judge is created as it is. */
export function bindings(
  policyName: string,
  { parametersConfigMap }: Pick<ExportOptions, 'parametersConfigMap'>,
): { readonly mutatingBinding: JsonObject; readonly validatingBinding: JsonObject } {
  const parameters = parametersConfigMap && { ...parametersConfigMap, parameterNotFoundAction: 'Allow' };
  const spec = { policyName, ...(parameters && { paramRef: parameters }) };
  return { mutatingBinding: spec, validatingBinding: { ...spec, validationActions: ['Warn', 'Audit'] } };
}
