import type { DecisionText, ExplainedContainer, Explanation, ReasonText } from '../diagnostics/explanation.ts';
import { oneLine } from '../lib/text.ts';
import { indent } from './format.ts';

/** A decision for people: the reason against an injection and what to do about it, then the result of each container. */
export function decisionLines({ outcome, reason, containers }: DecisionText): readonly string[] {
  if (!reason) return containers.flatMap(containerLines);
  const [first, hint] = reasonLines(reason);
  // A single container has the reason of the pod.
  const others = containers.length > 1 ? containers.flatMap((one) => containerLines(one).slice(0, 1)) : [];
  return [`${outcome === 'refused' ? 'refused' : 'not injected'}: ${first}`, hint, ...others];
}

export function reasonLines({ message, code, hint }: ReasonText): readonly [string, string] {
  // A hint that ends in a command has no full stop.
  const more = `More: agent-injector reasons ${code}`;
  return [`${message} (${code})`, indent(hint.endsWith('.') ? `${hint} ${more}` : `${hint} (${more})`)];
}

function containerLines({ container, profile = '', delivery = '', reason }: ExplainedContainer): readonly string[] {
  const name = `container ${oneLine(container, 63)}`;
  if (!reason) return [`injected ${profile} into ${name} by ${delivery}`];
  const [first, hint] = reasonLines(reason);
  const line = `${profile === '' ? name : `${profile} in ${name}`} not injected: ${first}`;
  return reason.kind === 'problem' || reason.kind === 'failure' ? [line, hint] : [line];
}

/** A target that selects a pod, and whether it applies. */
export function targetLine({ target, profile, lostTo }: Explanation['targets'][number]): string {
  return lostTo === undefined
    ? `✓ ${target} applies: ${profile}`
    : `${target} (${profile}) does not apply: ${lostTo} decides`;
}
