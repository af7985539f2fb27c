import type { ConflictReason } from '../../reasons/image-reason.ts';
import type { Reason } from '../../reasons/reason.ts';
import { type ConflictContext, foreignAgent, variableConflict } from '../conflicts.ts';
import { withoutText } from '../foreign-view.ts';
import { imageView } from './container-image.ts';

/** The reason that something in the image conflicts with the agent, where the pod does not replace it. */
export function imageConflict(context: ConflictContext): Reason | undefined {
  const { profile, draft, entries, envFrom } = context;
  const facts = draft.image?.facts;
  if (!facts) return undefined;
  const view = imageView(facts, draft.target.container, draft.environment, envFrom);
  const seen = { ...context, view, foreignView: withoutText(view, entries), envFrom: () => 'absent' as const };
  const conflict = foreignAgent(seen) ?? variableConflict(seen) ?? carriedAgent(context);
  return conflict && { code: 'image-conflict', profile: profile.name, conflict };
}

/** An agent that the facts name, by something other than the variables that they have. */
function carriedAgent({ profile, draft, entries }: ConflictContext): ConflictReason | undefined {
  const { image, environment, podDraft } = draft;
  const { variables = [], agents = [] } = image?.facts ?? {};
  const own = new Set([...environment, ...entries, ...variables].map(({ name }) => name));
  for (const { vendor, at } of agents) {
    if (own.has(at) || at === COMMAND) continue;
    const slots = podDraft.context.catalogue.foreignAgents.flatMap((one) => (one.vendor === vendor ? one.slots : []));
    const slot = slots.find((name) => profile.slots.includes(name));
    if (slot !== undefined) return { code: 'foreign-agent', vendor, at, slot };
  }
  return undefined;
}

/** What a matcher of the command says; the command of the image is seen by the matchers themselves. */
const COMMAND = 'its command';
