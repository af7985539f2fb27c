import { admit } from '../../admission/admit.ts';
import { INJECTION_LABEL } from '../../api/keys.ts';
import type { OfflineOptions } from '../../config/catalogue.ts';
import type { Check } from '../../diagnostics/checks/check.ts';
import { isUndecided } from '../../diagnostics/decisions/unread.ts';
import { mislabelledNamespaces } from '../../diagnostics/findings.ts';
import { claimsOf, decodePod, type Pod } from '../../kubernetes/pod.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { hintFor } from '../../reasons/hint.ts';
import { reasonMessage } from '../../reasons/message.ts';
import { reasonTable } from '../../reasons/reason-table.ts';
import type { ClusterOptions } from '../../server/cluster.ts';
import { auditReport } from '../audit/audit.ts';
import { readClaims } from '../cluster/reader.ts';
import { readClusterStates } from '../cluster/state.ts';
import { counted } from '../format.ts';
import { checkReach } from './reach.ts';
import { samplePod } from './sample-pod.ts';
import type { Sampled, Surroundings } from './world.ts';

/** Checks the namespaces that are opted in, with a sample pod each, and finds those that are meant to be and are not. */
export async function checkNamespaces(
  surroundings: Surroundings,
  enabled: readonly Namespace[],
): Promise<readonly Check[]> {
  const { world } = surroundings;
  if (world.problem !== undefined) return [{ name: 'namespaces', result: 'note', message: world.problem }];
  const mislabelled = mislabelledNamespaces(world.namespaces.values()).map(({ message, fix }): Check => {
    return { name: 'label', result: 'problem', message, ...(fix !== undefined && { hint: `$ ${fix}` }) };
  });
  if (enabled.length === 0) return [...mislabelled, NONE_ENABLED];
  const sampled = await decideOnSamples(surroundings, enabled);
  const claims = await readClaims(surroundings.client, { namespace: '', allNamespaces: true });
  return [
    ...mislabelled,
    ...sampled.flatMap((one) => sampleChecks(one, claims)),
    ...(await checkReach(surroundings, sampled)),
  ];
}

const NONE_ENABLED: Check = {
  name: 'namespaces',
  result: 'note',
  message: 'injection is not enabled for any namespace, so nothing was tried',
  hint: `$ kubectl label namespace NAME ${INJECTION_LABEL}=enabled`,
};

async function decideOnSamples(
  { client, settingsFor }: Surroundings,
  enabled: readonly Namespace[],
): Promise<readonly Sampled[]> {
  const samples = enabled.flatMap((namespace) => {
    const decoded = decodePod(samplePod(namespace.name));
    return decoded.ok ? [{ namespace: namespace.name, known: namespace, pod: decoded.value }] : [];
  });
  const byName = new Map(enabled.map((one) => [one.name, one]));
  const stateOf = await readClusterStates(
    client,
    samples,
    (name) => settingsFor(byName.get(name) ?? { name, labels: {} }).options,
  );
  return samples.map(({ known, pod }) => {
    const inputs = { catalogue: settingsFor(known).catalogue, cluster: stateOf(known.name) };
    const admission = admit(pod, known, inputs.catalogue, inputs.cluster);
    const { decision } = admission;
    const reason = decision.outcome === 'injected' ? undefined : decision.reason;
    return { namespace: known, ...admission, isUndecided: isUndecided(inputs, reason) };
  });
}

function sampleChecks(
  { namespace, decision, pod, isUndecided: isUnknown }: Sampled,
  claims: ReadonlySet<string> | undefined,
): readonly Check[] {
  const { name } = namespace;
  if (isUnknown) {
    const guess = decision.outcome === 'injected' ? '' : `; by what could be read: ${reasonMessage(decision.reason)}`;
    const message = `${name}: what the server would decide is not known${guess}`;
    return [{ name: 'sample pod', result: 'unknown', message }];
  }
  if (decision.outcome === 'injected') return [injectedCheck(name, pod, claims)];
  const { reason } = decision;
  const effect = decision.outcome === 'refused' ? 'is refused' : 'starts without the agent';
  const message = `${name}: a pod without settings of its own ${effect}: ${reasonMessage(reason)} (${reason.code})`;
  // Pods may have what the sample lacks; a claim, no pod has.
  const isProblem = reason.code === 'claim-unusable' || reasonTable[reason.code].kind === 'failure';
  const hint = hintFor(reason, { namespace: name });
  if (reason.code === 'claim-unusable') return [{ name: 'claim', result: 'problem', message, hint }];
  return [{ name: 'sample pod', result: isProblem ? 'problem' : 'note', message, hint }];
}

/** A claim that is missing although the server injects: it does not check claims. */
function injectedCheck(name: string, pod: Pod, claims: ReadonlySet<string> | undefined): Check {
  const missing = claims ? claimsOf(pod.spec.volumes).filter((claim) => !claims.has(`${name}/${claim}`)) : [];
  if (missing.length === 0) return { name: 'sample pod', result: 'ok', message: `${name}: gets the agent` };
  const message = `${name}: PersistentVolumeClaim ${missing.join(', ')} does not exist, and the server does not check claims: pods are injected and stay Pending`;
  return { name: 'claim', result: 'problem', message, hint: 'Create the claim, or turn on checks.claims.' };
}

/** Checks the pods of one namespace: what `audit` finds there. */
export async function checkPodsOf(
  namespace: string,
  options: OfflineOptions & ClusterOptions,
): Promise<readonly Check[]> {
  const { report } = await auditReport({ ...options, namespace, allNamespaces: false });
  const { pods, carrying, undecided } = report;
  const findings = report.findings.filter(({ kind }) => kind !== 'undecided');
  const summary: Check = {
    name: 'pods',
    result: 'ok',
    message: `${namespace}: ${carrying} of ${pods} pods carry an agent`,
  };
  const unknown: Check = {
    name: 'audit',
    result: 'unknown',
    message: `${namespace}: of ${counted(undecided, 'pod')}, what the server would decide is not known`,
    hint: `$ agent-injector audit -n ${namespace}`,
  };
  if (findings.length === 0) return undecided > 0 ? [summary, unknown] : [summary];
  const message = `${namespace}: ${counted(findings.length, 'finding')}`;
  return [summary, { name: 'audit', result: 'problem', message, hint: `$ agent-injector audit -n ${namespace}` }];
}
