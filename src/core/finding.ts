import type { Catalogue } from './catalogue.ts';
import type { JsonObject } from './json.ts';
import { INJECTION_LABEL } from './keys.ts';
import type { Namespace } from './namespace.ts';
import { meantLabel, misplacedKeys } from './near-miss.ts';
import { isOptedIn } from './policy.ts';
import { sentence } from './sentence.ts';
import { aroundTemplate, type WorkloadKind } from './workloads.ts';

/** Something to be mended, beside the decision itself. */
export interface Finding {
  /** Stable, for programs. */
  readonly code: string;
  readonly message: string;
  /** A command that mends it, to be read before it is run. */
  readonly mend?: string;
}

/** A namespace that is not opted in: what its label is, what was probably meant, and the command that turns it on. */
export function findNamespace(namespace: Namespace): readonly Finding[] {
  if (isOptedIn(namespace)) return [];
  const { name } = namespace;
  const label = namespace.labels[INJECTION_LABEL];
  const meant = meantLabel(namespace);
  const why = sentence({ code: 'namespace-not-enabled', namespace: name, label, meant });
  const overwrite = label === undefined ? '' : ' --overwrite';
  return [
    {
      code: 'namespace-not-enabled',
      message: `the API server never calls agent-injector for these pods: ${why}`,
      mend: `kubectl label namespace ${name} ${meant ?? `${INJECTION_LABEL}=enabled`}${overwrite}`,
    },
  ];
}

/** Labels and annotations of ours on a workload itself, where they mean nothing: they belong on its pod template. */
export function findMisplaced(
  workload: WorkloadKind,
  { name, object, template }: { readonly name: string; readonly object: JsonObject; readonly template: JsonObject },
  catalogue: Catalogue,
): readonly Finding[] {
  return aroundTemplate(workload, object)
    .flatMap((metadata) => misplacedKeys({ kind: workload.kind, name, metadata }, template['metadata'], catalogue))
    .map((reason) => ({ code: reason.code, message: `${sentence(reason)}: write it on the template` }));
}
