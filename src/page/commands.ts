import { isDnsLabel, isObjectName } from '../kubernetes/names.ts';
import { restartCommand } from '../diagnostics/findings.ts';

/** A workload, in commands that people paste into a shell. */
interface Named {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/** Undefined for names that no object can have: authors of pods write the owner references of their pods. */
function namedBy(namespace: string, workload: string | undefined): Named | undefined {
  const [kind = '', name = '', ...rest] = workload?.split('/') ?? [];
  const isSafe = /^[A-Z][A-Za-z]{0,62}$/.test(kind) && rest.length === 0 && isObjectName(name) && isDnsLabel(namespace);
  return isSafe ? { namespace, kind, name } : undefined;
}

/** Replaces the pods of a workload. */
export function restart(namespace: string, workload: string | undefined): string | undefined {
  const named = namedBy(namespace, workload);
  return named && restartCommand(namespace, named);
}

/** Shows why the pods of a workload are as they are. */
export function explaining(namespace: string, workload: string | undefined): string | undefined {
  const named = namedBy(namespace, workload);
  return named && `kubectl agent-injector explain ${named.kind.toLowerCase()}/${named.name} -n ${namespace}`;
}

/** Looks into the pods of a workload. */
export function verifying(namespace: string, workload: string | undefined): string | undefined {
  const named = namedBy(namespace, workload);
  return named && `kubectl agent-injector verify ${named.kind.toLowerCase()}/${named.name} -n ${namespace}`;
}

/** Opens a workload in an editor. */
export function editing(namespace: string, workload: string | undefined): string | undefined {
  const named = namedBy(namespace, workload);
  return named && `kubectl -n ${namespace} edit ${named.kind.toLowerCase()}/${named.name}`;
}

/** Closes the circuit breaker of a workload, or without one, of a profile. */
export function resetting(breaker: {
  readonly namespace: string;
  readonly shown: string;
  readonly profiles: Readonly<Record<string, string>>;
}): string | undefined {
  const named = namedBy(breaker.namespace, breaker.shown);
  if (named)
    return `kubectl agent-injector breaker ${named.kind.toLowerCase()}/${named.name} -n ${named.namespace} --reset`;
  const [profile = ''] = Object.keys(breaker.profiles);
  return breaker.shown === '' && isObjectName(profile)
    ? `kubectl agent-injector breaker --profile ${profile} --reset`
    : undefined;
}
