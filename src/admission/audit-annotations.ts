import type { ContainerOutcome } from '../injection/outcome.ts';
import { oneLine } from '../lib/text.ts';
import { reasonMessage } from '../reasons/message.ts';
import type { Decision } from './decision.ts';

/** The API server accepts values of any length and keeps them in its audit log. */
const MAX_VALUE_LENGTH = 500;

const MAX_CONTAINERS = 20;

/**
 * The decision in the audit log of the API server, which prefixes each key with the name of the webhook (k8s.io/apiserver
 * pkg/admission/plugin/webhook/mutating/dispatcher.go). A dry run has audit annotations too, since they leave nothing in the cluster.
 */
export function auditAnnotations(decision: Decision): Readonly<Record<string, string>> {
  const { pass } = decision;
  if (pass === 'repeated') return {};
  const annotations = Object.entries(annotationsFor(decision));
  return Object.fromEntries(
    pass === 'later' ? annotations.map(([name, text]) => [`${LATER}${name}`, text]) : annotations,
  );
}

/** Begins the keys of a later pass: the API server calls twice at most, and refuses a key that it has with another value. */
const LATER = 'again-';

function annotationsFor(decision: Decision): Readonly<Record<string, string>> {
  const { containers, notices } = decision;
  const codes = [...new Set(notices.map(({ code }) => code))];
  return {
    decision: decision.outcome,
    ...(decision.outcome !== 'injected' && {
      reason: decision.reason.code,
      message: oneLine(reasonMessage(decision.reason), MAX_VALUE_LENGTH),
    }),
    ...(containers.length > 0 && {
      containers: oneLine(containers.slice(0, MAX_CONTAINERS).map(containerText).join(), MAX_VALUE_LENGTH),
    }),
    ...(codes.length > 0 && { notices: codes.join() }),
  };
}

// `web=some-agent@3f9c1a2b` or `web=some-agent:mount-path-taken`
function containerText(outcome: ContainerOutcome): string {
  const container = oneLine(outcome.container, 63);
  if (outcome.outcome === 'injected') return `${container}=${outcome.profile}@${outcome.hash}`;
  return `${container}=${outcome.profile ?? ''}:${outcome.reason.code}`;
}
