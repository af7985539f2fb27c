import {
  type ExportedPolicy,
  policiesFor,
  type PoliciesInForce,
} from '../../diagnostics/decisions/exported-policies.ts';
import { obstacles } from '../../diagnostics/decisions/obstacle.ts';
import type { Finding } from '../../diagnostics/findings.ts';
import { selectorMismatch } from '../../kubernetes/label-selector.ts';
import { objectIn } from '../../lib/json.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import type { ExplanationResult } from './result.ts';

type Policies = NonNullable<ExplanationResult['policies']>;

/** The exported policies of the cluster, and whether each is for such a pod. */
export function policyMatches(policies: PoliciesInForce | undefined, sources: SettingSources | undefined): Policies {
  if (!policies || !sources) return [];
  const injecting = new Set(policiesFor(policies, sources).map(({ name }) => name));
  return (policies.all ?? []).map((one) => {
    const { name, origin } = one;
    const { profile, delivery } = origin;
    const injects = injecting.has(name);
    return { name, profile, delivery, injects, ...(!injects && { why: whyNot(one, sources) }) };
  });
}

function whyNot({ origin, object, values }: ExportedPolicy, { namespace }: SettingSources): string {
  const selector = objectIn(objectIn(object, 'spec'), 'matchConstraints')['namespaceSelector'];
  const mismatch = selectorMismatch(selector, namespace.labels);
  if (mismatch !== undefined) return `its namespaceSelector requires ${mismatch} on namespace ${namespace.name}`;
  const at = origin.parametersConfigMap;
  if (values === 'missing' && at)
    return `ConfigMap ${at.namespace}/${at.name} does not exist, and without it the policy does nothing`;
  return `the pod does not ask for profile ${origin.profile}`;
}

/** What the policies change in findings about the webhook: where one injects, it does not matter that no webhook does. */
export function withPolicyFindings(
  findings: readonly Finding[],
  policies: PoliciesInForce | undefined,
  matches: Policies,
): readonly Finding[] {
  if (matches.some(({ injects }) => injects)) return findings.filter(({ code }) => !(code in obstacles));
  if (!findings.some(({ code }) => code === 'not-installed')) return findings;
  const rest = findings.filter(({ code }) => code !== 'not-installed');
  // The note about the settings says it.
  if (policies && policies.all === undefined) return rest;
  if (matches.length === 0) return findings;
  return [{ code: 'no-policy', message: `${obstacles['no-policy']}, and no webhook is installed` }, ...rest];
}
