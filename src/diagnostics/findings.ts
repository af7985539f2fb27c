import { isOptedIn } from '../admission/opt-in.ts';
import { INJECTION_LABEL } from '../api/keys.ts';
import type { Namespace } from '../kubernetes/namespace.ts';
import { enclosingMetadata, type WorkloadKind } from '../kubernetes/workload.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import { reasonMessage } from '../reasons/message.ts';
import { intendedLabel, misplacedKeys } from '../settings/misspelled-keys.ts';

/** Something to be mended, beside the decision itself. */
export interface Finding {
  /** Stable, for programs. */
  readonly code: string;
  readonly message: string;
  /** A command that mends it, to be read before it is run. */
  readonly fix?: string;
}

/** A namespace that is not opted in: what its label is, what was probably meant, and the command that turns it on. */
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
      message: `the API server never calls agent-injector for these pods: ${why}`,
      fix: `kubectl label namespace ${name} ${suggestion ?? `${INJECTION_LABEL}=enabled`}${overwrite}`,
    },
  ];
}

/** Labels and annotations of ours on a workload itself, where they mean nothing: they belong on its pod template. */
export function misplacedKeyFindings(
  workload: WorkloadKind,
  { name, object, template }: { readonly name: string; readonly object: JsonObject; readonly template: JsonObject },
  catalogue: Catalogue,
): readonly Finding[] {
  return enclosingMetadata(workload, object)
    .flatMap((metadata) => misplacedKeys({ kind: workload.kind, name, metadata }, template['metadata'], catalogue))
    .map((reason) => ({ code: reason.code, message: `${reasonMessage(reason)}: write it on the template` }));
}
