import type { JsonObject } from '../lib/json.ts';
import { isScalar } from './config.ts';
import { type OptionName, parseOptions, type ServerOptions } from './options.ts';

/**
 * Where a command that predicts the server's decisions gets each option from. `file`: the configuration file, which the chart puts into a ConfigMap.
 * `flag`: the command has the flag, too. `cluster`: the command reads the cluster itself. `unused`: no decision depends on it.
 */
export const sourceOfOption = {
  config: 'flag',
  kubeconfig: 'cluster',
  namespaces: 'cluster',
  demo: 'cluster',
  profiles: 'flag',
  kubernetes: 'file',
  podSecurityDefault: 'file',
  tenancy: 'file',
  allowedProfiles: 'file',
  builtInProfiles: 'file',
  settableBy: 'file',
  configMapKeys: 'file',
  events: 'unused',
  podLabel: 'file',
  injection: 'file',
  switch: 'cluster',
  breaker: 'file',
  breakerAction: 'unused',
  breakerWindow: 'unused',
  breakerGrace: 'unused',
  breakerCooldown: 'unused',
  breakerStable: 'unused',
  imageFacts: 'file',
  imageFactsMaxAge: 'file',
  lease: 'unused',
  checks: 'file',
  strictRequired: 'file',
  revision: 'file',
  auditInterval: 'unused',
  host: 'unused',
  port: 'unused',
  adminPort: 'unused',
  adminHost: 'unused',
  tlsDir: 'unused',
  tlsSecret: 'unused',
  webhookConfiguration: 'unused',
  service: 'unused',
  register: 'unused',
  leafLifetime: 'unused',
  caLifetime: 'unused',
  clientCa: 'unused',
  clientNames: 'unused',
  drainSeconds: 'unused',
  logLevel: 'unused',
} as const satisfies { readonly [name in OptionName]: 'file' | 'flag' | 'cluster' | 'unused' };

type InFile = {
  [name in OptionName]: (typeof sourceOfOption)[name] extends 'file' ? name : never;
}[OptionName];

/** The options of a server on which its decisions depend, other than its profiles and defaults. */
export type DecisionOptions = Pick<ServerOptions, InFile>;

/** These options in a configuration file; undefined if one of them is not valid. Other contents are not read. */
export function decisionOptionsIn(content: JsonObject): DecisionOptions | undefined {
  const given = decisionOptionNames.flatMap((name) => {
    const value = content[name];
    return isScalar(value) ? [[name, value] as const] : [];
  });
  const parsed = parseOptions(new Map(given));
  return parsed.ok ? parsed.value : undefined;
}

// Object.keys gives string[]; these are exactly the keys of the table above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const decisionOptionNames = (Object.keys(sourceOfOption) as readonly OptionName[]).filter(
  (name) => sourceOfOption[name] === 'file',
);
