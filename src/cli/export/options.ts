import type { ClusterOptions } from '../../server/cluster.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Result } from '../../lib/result.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { expectationIn, acceptsIn } from '../../profiles/variables/list-values.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { PolicyApi } from '../../policies/export.ts';

export interface ExportPolicyOptions extends ClusterOptions {
  readonly profile: string;
  readonly delivery: string;
  readonly param?: readonly string[] | undefined;
  readonly paramsConfigmap?: string | undefined;
  readonly namespaceSelector?: string | undefined;
  readonly api: PolicyApi;
  readonly profiles?: string | undefined;
  readonly config?: string | undefined;
  readonly verify?: boolean | undefined;
}

/** Reads `NAME=VALUE`. What is not valid for the profile is a problem. */
export function readParameters(
  profile: Profile,
  given: readonly string[],
): Result<ReadonlyMap<string, string>, readonly string[]> {
  const problems: string[] = [];
  const parameters = new Map<string, string>();
  for (const one of given) {
    const at = one.indexOf('=');
    const [name, text] = [one.slice(0, Math.max(at, 0)), one.slice(at + 1)];
    const parameter = profile.parameters.get(name);
    if (at < 0) problems.push(`--param ${one}: it must be NAME=VALUE`);
    else if (!parameter) {
      const suggestion = didYouMean(nearest(name, profile.parameters.keys()));
      problems.push(`--param ${name}: profile ${profile.name} has no such parameter${suggestion}`);
    } else if (!acceptsIn(profile, parameter, text))
      problems.push(`--param ${name}: it must be ${expectationIn(profile, parameter)}`);
    else parameters.set(name, text);
  }
  return problems.length === 0 ? { ok: true, value: parameters } : { ok: false, error: problems };
}

const REQUIREMENT = /^(!?)([\w./-]+)(?:(!?==?)([\w.-]*))?$/;

/** Reads a label selector as kubectl takes it, without sets: `a=b,c!=d,e,!f`. Undefined if it is not one. */
export function readSelector(text: string): JsonObject | undefined {
  const matchExpressions: JsonObject[] = [];
  for (const part of text.split(',')) {
    const [, not, key, operator, value = ''] = REQUIREMENT.exec(part.trim()) ?? [];
    if (key === undefined || (not !== '' && operator !== undefined)) return undefined;
    if (operator === undefined) matchExpressions.push({ key, operator: not === '' ? 'Exists' : 'DoesNotExist' });
    else matchExpressions.push({ key, operator: operator.startsWith('!') ? 'NotIn' : 'In', values: [value] });
  }
  return { matchExpressions };
}

/** Reads `NAMESPACE/NAME`. */
export function readObjectName(text: string): { readonly namespace: string; readonly name: string } | undefined {
  const [namespace = '', name = '', ...more] = text.split('/');
  return namespace === '' || name === '' || more.length > 0 ? undefined : { namespace, name };
}
