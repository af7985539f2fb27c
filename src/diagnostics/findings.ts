import { isOptedIn } from '../admission/opt-in.ts';
import { INJECTION_LABEL } from '../api/keys.ts';
import { isDnsLabel, isObjectName } from '../kubernetes/names.ts';
import { type WorkloadRef, enclosingMetadata, type WorkloadKind } from '../kubernetes/workload.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { reasonMessage } from '../reasons/message.ts';
import { intendedLabel, labelSources, misplacedKeys } from '../settings/misspelled-keys.ts';

/** Something to fix, in addition to the decision itself. */
export interface Finding {
  /** Stable, for programs. */
  readonly code: string;
  readonly message: string;
  /** A command that fixes it, to be reviewed before it is run. */
  readonly fix?: string;
}

/** Reports a namespace that is not opted in: its label, the label that was probably meant, and the command that sets it. */
export function namespaceFinding(namespace: Namespace): readonly Finding[] {
  if (isOptedIn(namespace)) return [];
  const { name } = namespace;
  const label = namespace.labels[INJECTION_LABEL];
  const suggestion = intendedLabel(namespace);
  const why = reasonMessage({ code: 'namespace-not-enabled', namespace: name, label, suggestion });
  const overwrite = label === undefined ? '' : ' --overwrite';
  return [
    {
      code: 'namespace-not-enabled',
      message: `the API server never calls agent-injector for these pods: ${suggestion === undefined || label !== undefined ? why : `${why} (${wrongLabelText(namespace)})`}. Someone who may label namespaces can change that`,
      // A name from a file can be any text, also one that a shell would run.
      ...(isDnsLabel(name) && {
        fix: `kubectl label namespace ${name} ${suggestion ?? `${INJECTION_LABEL}=enabled`}${overwrite}`,
      }),
    },
  ];
}

export interface MislabelledNamespace {
  readonly namespace: string;
  readonly message: string;
  /** Absent for a name that cannot stand in a command. */
  readonly fix?: string;
}

/** Namespaces with a misspelled injection label, or with it among their annotations. */
export function mislabelledNamespaces(namespaces: Iterable<Namespace>): readonly MislabelledNamespace[] {
  return [...namespaces].flatMap((namespace) => {
    const { name } = namespace;
    const suggestion = intendedLabel(namespace);
    if (isOptedIn(namespace) || suggestion === undefined) return [];
    const [finding] = namespaceFinding(namespace);
    const message = `namespace ${name}: ${wrongLabelText(namespace)}; did you mean the label "${suggestion}"?`;
    return [{ namespace: name, message, ...(finding?.fix !== undefined && { fix: finding.fix }) }];
  });
}

/** The label or annotation that was found in the place of the right one. */
function wrongLabelText(namespace: Namespace): string {
  const { label, annotation } = labelSources(namespace);
  if (annotation !== undefined) return `${annotation} is an annotation, and has an effect only as a label`;
  if (label === undefined || label === INJECTION_LABEL)
    return `label ${INJECTION_LABEL} has the value "${namespace.labels[INJECTION_LABEL] ?? ''}", which has no effect`;
  return `label ${label} has no effect`;
}

/** Reports labels and annotations of agent-injector on a workload itself, where they have no effect. */
export function misplacedKeyFindings(
  workload: WorkloadKind,
  { name, object, template }: { readonly name: string; readonly object: JsonObject; readonly template: JsonObject },
  catalogue: Catalogue,
): readonly Finding[] {
  return enclosingMetadata(workload, object)
    .flatMap((metadata) => misplacedKeys({ kind: workload.kind, name, metadata }, template['metadata'], catalogue))
    .map((reason) => ({ code: reason.code, message: `${reasonMessage(reason)}; move it to the pod template` }));
}

const RESTARTABLE: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/**
 * The command that replaces the pods of a workload; undefined for kinds that kubectl cannot restart. Also undefined for names that no object can have:
 * pod authors write the owner references of their pods, and people paste the command into a shell.
 */
export function restartCommand(namespace: string, workload: WorkloadRef | undefined): string | undefined {
  if (!workload || !RESTARTABLE.has(workload.kind)) return undefined;
  if (!isDnsLabel(namespace) || !isObjectName(workload.name)) return undefined;
  return `kubectl -n ${namespace} rollout restart ${workload.kind.toLowerCase()}/${workload.name}`;
}
