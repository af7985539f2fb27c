import type { InjectedStatus, StatusRecord } from '../../api/status-annotation.ts';
import { checkRecord } from '../../diagnostics/audit-pod.ts';
import { explain, type Explanation, undecided } from '../../diagnostics/explanation.ts';
import { type Finding, misplacedKeyFindings, namespaceFinding } from '../../diagnostics/findings.ts';
import type { EntryMatch } from '../../diagnostics/webhook-match.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { decodePod } from '../../kubernetes/pod.ts';
import { podFromTemplate, type WorkloadKind } from '../../kubernetes/workload.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { SettingSources } from '../../settings/resolve.ts';

/** The explanation of one pod or workload: an element of `explain -o json`. */
export interface ExplanationResult {
  /** `Deployment/web`. */
  readonly subject: string;
  readonly namespace: string;
  /** File and line, or the file of a review. */
  readonly at?: string;
  /** Problems in addition to the decision, most important first. */
  readonly findings: readonly Finding[];
  /** The webhook entries that the API server would call; only on a cluster. */
  readonly apiServer?: readonly EntryMatch[];
  /** The status annotation that was written when the pod was created. */
  readonly recorded?: StatusRecord;
  /** The agents that were injected when the pod was created: what the annotation says and the pod bears out. */
  readonly carries?: readonly InjectedStatus[];
  /** The API server's answer to a dry run of the pod as it would be; only if asked for. */
  readonly dryRun?: string;
  /** The defaults of the cluster are not known: those of the decision are the built-in ones. */
  readonly assumesDefaults?: true;
  readonly decision: Explanation;
}

export interface Workload {
  readonly workload: WorkloadKind;
  readonly name: string;
  readonly object: JsonObject;
  readonly template: JsonObject;
}

/** Explains the pod that a workload creates. `known` is undefined for a namespace that does not exist. */
export function explainWorkload(
  { workload, name, object, template }: Workload,
  namespace: { readonly name: string; readonly known: Namespace | undefined },
  rest: Pick<SettingSources, 'catalogue' | 'cluster'>,
): ExplanationResult {
  const subject = { subject: `${workload.kind}/${name}`, namespace: namespace.name };
  const { known } = namespace;
  if (!known) {
    return { ...subject, findings: [], decision: undecided({ code: 'namespace-unknown', namespace: namespace.name }) };
  }
  const findings = [
    ...namespaceFinding(known),
    ...misplacedKeyFindings(workload, { name, object, template }, rest.catalogue),
  ];
  const decoded = decodePod(podFromTemplate(workload, name, template));
  if (!decoded.ok) {
    const { path, expected } = decoded.error;
    return { ...subject, findings, decision: undecided({ code: 'malformed-pod', path, expected }) };
  }
  const { record, injected, unproven } = checkRecord({ pod: decoded.value, catalogue: rest.catalogue });
  return {
    ...subject,
    findings: [...findings, ...unproven.map(({ kind, message }) => ({ code: kind, message }))],
    ...(record && { recorded: record }),
    ...(injected.length > 0 && { carries: injected }),
    decision: explain({ ...rest, pod: decoded.value, namespace: known }),
  };
}
