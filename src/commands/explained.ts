import type { JsonObject } from '../core/json.ts';
import { explain as explainLayers, undecided, type Explanation } from '../core/explanation.ts';
import { findMisplaced, findNamespace, type Finding } from '../core/finding.ts';
import type { Namespace } from '../core/namespace.ts';
import { decodePod } from '../core/pod.ts';
import type { Layers } from '../core/settings.ts';
import { readStatus, type StatusRecord } from '../core/status-record.ts';
import { podMadeBy, type WorkloadKind } from '../core/workloads.ts';
import type { EntryReach } from '../core/webhook-reach.ts';

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
  readonly apiServer?: readonly EntryReach[];
  /** The record that is on the pod from when it was created, as far as it can be read. */
  readonly recorded?: StatusRecord;
  /** What would be decided now. */
  readonly decision: Explanation;
}

/** What is to be explained: an object that is a pod or makes pods. */
export interface Subject {
  readonly workload: WorkloadKind;
  readonly name: string;
  readonly object: JsonObject;
  readonly template: JsonObject;
}

/** Explains a pod, or the pod that a workload would make. */
export function explained(
  { workload, name, object, template }: Subject,
  namespace: { readonly name: string; readonly known: Namespace | undefined },
  rest: Pick<Layers, 'catalogue' | 'cluster'>,
): Explained {
  const subject = { subject: `${workload.kind}/${name}`, namespace: namespace.name };
  const { known } = namespace;
  if (!known) {
    return { ...subject, findings: [], decision: undecided({ code: 'namespace-unknown', namespace: namespace.name }) };
  }
  const findings = [...findNamespace(known), ...findMisplaced(workload, { name, object, template }, rest.catalogue)];
  const decoded = decodePod(podMadeBy(workload, name, template));
  if (!decoded.ok) {
    const { path, expected } = decoded;
    return { ...subject, findings, decision: undecided({ code: 'malformed-pod', path, expected }) };
  }
  const recorded = readStatus(decoded.pod);
  return {
    ...subject,
    findings,
    ...(recorded && { recorded }),
    decision: explainLayers({ ...rest, pod: decoded.pod, namespace: known }),
  };
}
