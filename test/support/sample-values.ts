import { type Delivery, deliveryNeeds, requiredTemplates } from '../../src/profiles/delivery.ts';
import type { Parameter } from '../../src/api/profile/parameter.ts';
import { accepts } from '../../src/profiles/parameter.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { parametersOf } from '../../src/profiles/template.ts';

const SAMPLES: { readonly [type in Parameter['type']]: (parameter: Parameter) => string } = {
  string: () => 'any text',
  word: () => 'word',
  host: () => 'apm.example.com',
  url: () => 'http://apm.example.com:8200',
  objectName: () => 'some-object',
  image: () => 'registry.example.com/agent:1.2.3',
  version: () => '1.2.3',
  path: () => '/opt/agents',
  boolean: () => 'true',
  port: () => '4317',
  integer: (parameter) => String(parameter.type === 'integer' ? parameter.minimum : 1),
  assignments: () => 'team=a,tier=web',
  variables: (parameter) =>
    parameter.type === 'variables' ? `${(parameter.allowed[0] ?? '').replaceAll('*', 'X')}=1` : '',
  enum: (parameter) => (parameter.type === 'enum' ? (parameter.values[0] ?? '') : ''),
};

/** A valid value of the parameter. Throws if the profile does not allow the sample: then SAMPLES needs another one. */
export function sampleValue(parameter: Parameter): string {
  const value = SAMPLES[parameter.type](parameter);
  if (!accepts(parameter, value)) throw new Error(`no sample value for parameter ${parameter.name}`);
  return value;
}

/** The settings that a delivery of the profile needs: required parameters, and those in the delivery without a default. */
export function settingsFor(profile: Profile, delivery?: Delivery): Record<string, string> {
  const used = new Set(delivery ? requiredTemplates(delivery).flatMap(([, template]) => parametersOf(template)) : []);
  return Object.fromEntries(
    [...profile.parameters.values()]
      .filter((parameter) => parameter.required || (used.has(parameter.name) && parameter.default === undefined))
      .map((parameter) => [parameter.name, sampleValue(parameter)]),
  );
}

/** True if Pod Security allows the delivery in a namespace of this level. */
export function isLetIn({ kind }: Delivery, level: 'privileged' | 'baseline' | 'restricted'): boolean {
  return level === 'privileged' || deliveryNeeds[kind].baseline;
}
