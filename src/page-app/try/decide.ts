import './no-eval.ts';
import { stringify } from 'yaml';
import { admit } from '../../admission/admit.ts';
import { type Explanation, explain, undecided } from '../../diagnostics/explanation.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import { decodePod } from '../../kubernetes/pod.ts';
import { podFromTemplate } from '../../kubernetes/workload.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { clusterFor, type Manifest, parseManifest, type PodTemplate } from '../../manifests/documents.ts';
import { targetsIn } from '../../manifests/targets.ts';
import type { SyntaxProblem } from '../../manifests/yaml.ts';
import type { SettingSources } from '../../settings/resolve.ts';

// What "Try it" runs: the code that decides in the server and in the command line. It is a chunk of its own, loaded when the screen is opened.

export { conditionsFrom } from './conditions.ts';

export interface Tried {
  /** `Deployment/web`. */
  readonly subject: string;
  readonly line: number;
  readonly explanation: Explanation;
  /** YAML of the pod or the template. */
  readonly before: string;
  readonly after: string;
}

export type Attempt =
  | { readonly kind: 'syntax'; readonly problems: readonly SyntaxProblem[] }
  | { readonly kind: 'decided'; readonly pods: readonly Tried[]; readonly problems: readonly string[] };

/** Decides on every pod of a manifest, as if each were created in the namespace. */
export function decide(
  text: string,
  namespace: Namespace,
  conditions: Pick<SettingSources, 'catalogue' | 'cluster'>,
): Attempt {
  const read = parseManifest(text);
  if (!read.ok) return { kind: 'syntax', problems: read.error };
  const { objects, templates }: Manifest = read.value;
  const { targets, problems } = targetsIn(objects, namespace.name);
  const cluster = { ...clusterFor({ objects }, conditions.cluster), targets };
  const pods = templates.map((template) => decideOn(template, { ...conditions, namespace, cluster }));
  return { kind: 'decided', pods, problems };
}

function decideOn(template: PodTemplate, sources: Omit<SettingSources, 'pod'>): Tried {
  const { workload, name, pod: json, line } = template;
  const subject = { subject: `${workload.kind}/${name}`, line, before: yamlOf(json) };
  const decoded = decodePod(podFromTemplate(workload, name.replace(/\*$/, ''), json));
  if (!decoded.ok) {
    const { path, expected } = decoded.error;
    return { ...subject, after: subject.before, explanation: undecided({ code: 'malformed-pod', path, expected }) };
  }
  const pod = decoded.value;
  const admitted = admit(pod, sources.namespace, sources.catalogue, sources.cluster);
  const after = withoutOwner(admitted.pod, json);
  return { ...subject, after: yamlOf(after), explanation: explain({ ...sources, pod }) };
}

/** A template has no owner and no name of its own: they were added for the decision alone. */
function withoutOwner(pod: JsonObject, template: JsonObject): JsonObject {
  const { metadata } = pod;
  const original = isObject(template['metadata']) ? template['metadata'] : {};
  if (!isObject(metadata)) return pod;
  const kept = Object.entries(metadata).filter(
    ([key]) => Object.hasOwn(original, key) || !['ownerReferences', 'generateName'].includes(key),
  );
  const { metadata: _metadata, ...rest } = pod;
  return kept.length === 0 ? rest : { ...pod, metadata: Object.fromEntries(kept) };
}

function yamlOf(value: JsonObject): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
