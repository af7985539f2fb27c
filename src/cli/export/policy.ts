import { catalogueFrom } from '../../config/catalogue.ts';
import { INJECTION_LABEL, REQUIRED } from '../../api/keys.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { selectorValues } from '../../kubernetes/label-selector.ts';
import { type ExportedPolicies, exportPolicies, type ExportOptions } from '../../policies/export.ts';
import type { CommandResult } from '../command-result.ts';
import { yamlText } from '../profiles/yaml.ts';
import { type ExportPolicyOptions, readObjectName, readParameters, readSelector } from './options.ts';

/** Prints a profile as admission policies, or everything in it that they cannot say. Throws a UsageError for flags that make no sense. */
export async function exportPolicy(flags: ExportPolicyOptions): Promise<CommandResult> {
  const catalogue = await catalogueFrom({ profiles: flags.profiles, config: flags.config });
  const profile = catalogue.profiles.get(flags.profile);
  if (!profile) {
    const suggestion = didYouMean(nearest(flags.profile, catalogue.profiles.keys()));
    throw new UsageError([`profile "${flags.profile}" not found${suggestion}`]);
  }
  const parameters = readParameters(profile, flags.param ?? []);
  if (!parameters.ok) throw new UsageError(parameters.error);
  const exported = exportPolicies(profile, {
    delivery: flags.delivery,
    parameters: parameters.value,
    ...placed(flags),
    api: flags.api,
    catalogue,
  });
  if (!exported.ok) {
    const messages = exported.error.map(({ what, instead }) => `✗ ${what}: ${instead}`);
    const head = `profile ${profile.name} cannot be exported with the delivery ${flags.delivery}:`;
    return { output: { kind: 'lines', lines: [] }, messages: [head, ...messages], exitCode: 1 };
  }
  const verdict = flags.verify ? await verified(exported.value, flags) : { messages: [], exitCode: 0 as const };
  const text = documentsOf(exported.value).map(yamlText).join('---\n');
  return { output: { kind: 'document', text }, ...verdict };
}

/** In the order in which they are installed: the bindings put the policies in force. */
export function documentsOf(policies: ExportedPolicies): readonly object[] {
  return [policies.mutating, policies.validating, policies.mutatingBinding, policies.validatingBinding];
}

function placed(flags: ExportPolicyOptions): Pick<ExportOptions, 'parametersConfigMap' | 'namespaceSelector'> {
  const configMap = flags.paramsConfigmap === undefined ? undefined : readObjectName(flags.paramsConfigmap);
  const selector = flags.namespaceSelector === undefined ? undefined : readSelector(flags.namespaceSelector);
  const isForRequired = selectorValues(selector, INJECTION_LABEL, 'In').includes(REQUIRED);
  const problems: readonly (readonly [isProblem: boolean, text: string])[] = [
    [flags.paramsConfigmap !== undefined && !configMap, '--params-configmap must be NAMESPACE/NAME'],
    [
      flags.paramsConfigmap !== undefined && flags.param !== undefined,
      '--param cannot be used with --params-configmap',
    ],
    [
      flags.namespaceSelector !== undefined && !selector,
      '--namespace-selector must be a label selector such as team=shop,env!=test',
    ],
    [
      isForRequired,
      `--namespace-selector: a policy cannot refuse pods, so it is not for namespaces with ${INJECTION_LABEL}=${REQUIRED}; use the webhook for these`,
    ],
  ];
  const found = problems.flatMap(([isProblem, text]) => (isProblem ? [text] : []));
  if (found.length > 0) throw new UsageError(found);
  return { ...(configMap && { parametersConfigMap: configMap }), ...(selector && { namespaceSelector: selector }) };
}

async function verified(
  policies: ExportedPolicies,
  flags: ExportPolicyOptions,
): Promise<Required<Pick<CommandResult, 'messages' | 'exitCode'>>> {
  // Loaded on demand: an export needs no cluster.
  const { verifyPolicies } = await import('./verify.ts');
  return verifyPolicies(documentsOf(policies), flags);
}
