import { readStatus, type StatusRecord } from '../../api/status-annotation.ts';
import { explain as explainLayers, type Explanation, undecided } from '../../diagnostics/explanation.ts';
import { type Finding, misplacedKeyFindings, namespaceFinding } from '../../diagnostics/findings.ts';
import type { EntryMatch } from '../../diagnostics/webhook-match.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { decodePod } from '../../kubernetes/pod.ts';
import { podFromTemplate, type WorkloadKind } from '../../kubernetes/workload.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { SettingSources } from '../../settings/resolve.ts';

/** One pod or workload, explained: what `explain -o json` prints for it. */
export interface Explained {
  /** `Deployment/web`. */
  readonly subject: string;
  readonly namespace: string;
  /** Where it stands in a file. */
  readonly at?: string;
  /** What is to be mended beside the decision, most important first. */
  readonly findings: readonly Finding[];
  /** What the API server does before agent-injector is asked; only where the cluster could be asked. */
  readonly apiServer?: readonly EntryMatch[];
  /** The record that is on the pod from when it was created, as far as it can be read. */
  readonly recorded?: StatusRecord;
  /** What would be decided now. */
  readonly decision: Explanation;
}

/** What is to be explained: an object that is a pod or makes pods. */
export interface ExplainedSubject {
  readonly workload: WorkloadKind;
  readonly name: string;
  readonly object: JsonObject;
  readonly template: JsonObject;
}

/** Explains a pod, or the pod that a workload would make. */
export function explained(
  { workload, name, object, template }: ExplainedSubject,
  namespace: { readonly name: string; readonly known: Namespace | undefined },
  rest: Pick<SettingSources, 'catalogue' | 'cluster'>,
): Explained {
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
  const recorded = readStatus(decoded.value);
  return {
    ...subject,
    findings,
    ...(recorded && { recorded }),
    decision: explainLayers({ ...rest, pod: decoded.value, namespace: known }),
  };
}
