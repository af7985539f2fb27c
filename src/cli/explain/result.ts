import type { InjectedStatus, StatusRecord } from '../../api/status-annotation.ts';
import { checkRecord } from '../../diagnostics/audit-pod.ts';
import { explain, type Explanation, undecided } from '../../diagnostics/explanation.ts';
import { type Finding, misplacedKeyFindings, namespaceFinding } from '../../diagnostics/findings.ts';
import type { Presence } from '../../diagnostics/presence.ts';
import type { EntryMatch } from '../../diagnostics/webhook-match.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { decodePod } from '../../kubernetes/pod.ts';
import { podFromTemplate } from '../../kubernetes/workload.ts';
import type { SettingSources } from '../../settings/resolve.ts';
import type { Target } from '../cluster/targets.ts';

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
  /** The exported admission policies of the cluster; only on a cluster that has some. */
  readonly policies?: readonly {
    readonly name: string;
    readonly profile: string;
    readonly delivery: string;
    /** True if it is for such a pod. */
    readonly injects: boolean;
    /** Why it is not; a sentence fragment. */
    readonly why?: string;
  }[];
  /** The status annotation that was written when the pod was created. */
  readonly recorded?: StatusRecord;
  /** The agents that were injected when the pod was created: what the annotation says and the pod bears out. */
  readonly carries?: readonly InjectedStatus[];
  /** True for a pod of a cluster, whose decision has been made when it was created. */
  readonly exists?: boolean;
  /** The pods of a workload that run or start; only on a cluster. */
  readonly pods?: Presence;
  /** What `decision` is about, if it is about the new pods of the workload that has created this pod: `Deployment/web`. */
  readonly decisionOn?: string;
  /** The API server's answer to a dry run of the pod as it would be; only if asked for. */
  readonly dryRun?: string;
  /** The defaults of the cluster are not known: those of the decision are the built-in ones. */
  readonly assumesDefaults?: true;
  /** What the decision is made without, because it could not be read: the server may decide otherwise. */
  readonly without?: readonly string[];
  /** The decision is that a profile is missing, which may be one that could not be read: it says nothing about the server's. */
  readonly isUndecided?: true;
  readonly decision: Explanation;
}

/** Explains the pod that a workload creates. `known` is undefined for a namespace that does not exist. */
export function explainWorkload(
  { workload, name, object, template }: Omit<Target, 'namespace'>,
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
    decision: aboutInjected(injected.length > 0, explain({ ...rest, pod: decoded.value, namespace: known })),
  };
}

/** The hint of a decision on a pod that has its agent already would be about what was injected: it must not advise to remove that. */
function aboutInjected(isInjected: boolean, decision: Explanation): Explanation {
  const { reason } = decision;
  if (!isInjected || !reason || reason.kind === 'exemption' || reason.kind === 'suspension') return decision;
  const hint =
    'This is about the pod as it is, with what was injected. Explain its workload or its manifest to see what new pods get.';
  return { ...decision, reason: { ...reason, hint } };
}
