import type { InjectionContext } from '../injection/context.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import type { Catalogue } from '../profiles/catalogue.ts';
import type { Reason } from '../reasons/reason.ts';
import { isStrict } from '../settings/required.ts';
import { type Decision, notInjected } from './decision.ts';
import { injectionText } from './event-messages.ts';
import type { PatchedPod } from './planned-decision.ts';

interface DecidedPod extends PatchedPod {
  readonly decision: Decision;
}

/** True if the server only reports its decisions. */
export function isRehearsal({ injection }: Pick<Catalogue, 'injection'>): boolean {
  return injection?.mode === 'dry-run';
}

/**
 * The admission where the server only reports: the pod is unchanged, and what would be injected or refused is a reason. Where no pod may start
 * without its agent (`strictRequired`), it is refused all the same.
 */
export function rehearsed(context: InjectionContext, admission: DecidedPod): DecidedPod {
  if (!isRehearsal(context.catalogue)) return admission;
  return { decision: rehearsedDecision(admission.decision, context), operations: [], pod: context.pod };
}

function rehearsedDecision(decision: Decision, context: InjectionContext): Decision {
  const { containers, notices } = decision;
  const strict = isStrict(context);
  if (decision.outcome !== 'injected')
    return decision.outcome === 'refused' && !strict ? { ...decision, outcome: 'skipped' } : decision;
  const { by = '', why = '' } = context.catalogue.injection ?? {};
  const reason: Reason = strict
    ? { code: 'suspended', by, why, strict }
    : { code: 'dry-run', injection: injectionText(containers) };
  return notInjected(reason, strict, { containers: containers.map(rehearsedContainer), notices });
}

function rehearsedContainer(result: ContainerOutcome): ContainerOutcome {
  if (result.outcome === 'skipped') return result;
  const { container, profile } = result;
  return { outcome: 'skipped', container, profile, reason: { code: 'dry-run', injection: injectionText([result]) } };
}
