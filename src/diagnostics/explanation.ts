import { admitInContext } from '../admission/admit.ts';
import type { Decision } from '../admission/decision.ts';
import type { ContainerOutcome } from '../injection/outcome.ts';
import type { TraceEvent, Stage } from '../injection/trace.ts';
import { containersOf } from '../kubernetes/pod.ts';
import { type ForeignKey, foreignKeys } from '../migration/foreign-keys.ts';
import type { Profile } from '../profiles/profile.ts';
import { docsAddress, unmetRequirementText, reasonMessage, sourceText } from '../reasons/message.ts';
import { type HintPlace, hintFor } from '../reasons/hint.ts';
import type { Reason, ReasonCode } from '../reasons/reason.ts';
import type { ReasonKind } from '../reasons/reason-kind.ts';
import { reasonTable } from '../reasons/reason-table.ts';
import type { SettingSources } from '../settings/resolve.ts';
import { profilesFor } from '../settings/selected-profiles.ts';
import { type PodChanges, podChanges } from './pod-diff.ts';
import { type Chain, chainsFor, type SelectingTarget, selectingTargets } from './precedence.ts';

export interface ReasonText {
  readonly code: ReasonCode;
  readonly kind: ReasonKind;
  readonly message: string;
  readonly hint: string;
  readonly docs: string;
}

/** One evaluated rule. Without a reason, the rule holds. */
export interface Step {
  readonly stage: Stage;
  readonly rule: string;
  /** What must be so, as a sentence. */
  readonly condition: string;
  readonly container?: string;
  readonly profile?: string;
  readonly reason?: ReasonText;
}

export interface ExplainedContainer {
  readonly container: string;
  readonly profile?: string;
  readonly outcome: ContainerOutcome['outcome'];
  readonly delivery?: string;
  readonly reason?: ReasonText;
}

export interface DeliveryChoice {
  readonly container: string;
  readonly profile: string;
  readonly delivery: string;
  /** The setting that selects it; absent if it is the first possible one. */
  readonly namedBy?: string;
  readonly skipped: readonly { readonly delivery: string; readonly why: string }[];
}

/** A decision with the texts of its reasons. */
export interface DecisionText {
  readonly outcome: Decision['outcome'];
  readonly reason?: ReasonText;
  readonly containers: readonly ExplainedContainer[];
  readonly notices: readonly ReasonText[];
}

/** Everything about the decision on one pod, as `explain -o json` prints it. */
export interface Explanation extends DecisionText {
  readonly path: readonly Step[];
  readonly deliveries: readonly DeliveryChoice[];
  /** The targets that select the pod, in order of precedence. */
  readonly targets: readonly SelectingTarget[];
  readonly settings: readonly Chain[];
  readonly changes: PodChanges;
  /** Labels and annotations of other injectors on the pod and its namespace. */
  readonly foreign: readonly ForeignKey[];
}

/** Decides on the pod as a server does, and records the rules that were evaluated. */
export function explain(sources: SettingSources): Explanation {
  const events: TraceEvent[] = [];
  const { decision, pod } = admitInContext({ ...sources, trace: (event) => events.push(event) });
  return {
    ...decisionText(decision, { namespace: sources.namespace.name }),
    path: [...events.flatMap(stepOf), ...lastStep(decision, events)],
    deliveries: events.flatMap(deliveryOf),
    targets: selectingTargets(sources),
    settings: chainsFor(sources, profilesIn(sources)),
    changes: podChanges(sources.pod, pod),
    foreign: foreignKeys(sources.pod, sources.namespace),
  };
}

/** `place`: where the pod is, for the commands in the hints. */
export function decisionText(decision: Decision, place: HintPlace = {}): DecisionText {
  const textOf = (reason: Reason): ReasonText => reasonText(reason, place);
  return {
    outcome: decision.outcome,
    ...(decision.outcome !== 'injected' && { reason: textOf(decision.reason) }),
    containers: decision.containers.map((one) => containerResult(one, textOf)),
    notices: decision.notices.map(textOf),
  };
}

function reasonText(reason: Reason, place: HintPlace = {}): ReasonText {
  const { kind } = reasonTable[reason.code];
  const hint = hintFor(reason, place);
  return { code: reason.code, kind, message: reasonMessage(reason), hint, docs: docsAddress(reason.code) };
}

function stepOf(event: TraceEvent): readonly Step[] {
  if (event.kind !== 'rule') return [];
  const { stage, rule, condition, scope, reason } = event;
  return [{ stage, rule, condition, ...scope, ...(reason && { reason: reasonText(reason) }) }];
}

/** The verification of the patched pod. It is not traced as a rule, so a failure is known only by its reason: the patch is too large, or violates a guarantee. */
function lastStep(decision: Decision, events: readonly TraceEvent[]): readonly Step[] {
  if (decision.outcome === 'injected') return [];
  const { code } = decision.reason;
  if (code !== 'patch-too-large' && code !== 'rule-broken' && events.length > 0) return [];
  const condition = 'the patched pod passes verification';
  return [{ stage: 'verify', rule: 'patched-pod', condition, reason: reasonText(decision.reason) }];
}

function deliveryOf(event: TraceEvent): readonly DeliveryChoice[] {
  if (event.kind !== 'delivery') return [];
  const { scope, chosen } = event;
  return [
    {
      container: scope.container ?? '',
      profile: scope.profile ?? '',
      delivery: chosen.delivery.name,
      ...(chosen.source && { namedBy: sourceText(chosen.source) }),
      skipped: chosen.skipped.map(({ delivery, requirement }) => ({
        delivery,
        why: unmetRequirementText(requirement),
      })),
    },
  ];
}

function containerResult(outcome: ContainerOutcome, textOf: (reason: Reason) => ReasonText): ExplainedContainer {
  const { container, profile } = outcome;
  return {
    container,
    ...(profile !== undefined && { profile }),
    outcome: outcome.outcome,
    ...(outcome.outcome === 'injected' ? { delivery: outcome.delivery } : { reason: textOf(outcome.reason) }),
  };
}

function profilesIn(sources: SettingSources): readonly Profile[] {
  const profiles = containersOf(sources.pod).flatMap((container) => {
    const selected = profilesFor(sources, container);
    return selected.ok ? selected.value : [];
  });
  return [...new Set(profiles)];
}

export function undecided(reason: Reason): Explanation {
  const nothing = {
    containers: [],
    initContainers: [],
    volumes: [],
    annotations: [],
    labels: [],
    imagePullSecrets: [],
  };
  const rest = {
    containers: [],
    notices: [],
    path: [],
    deliveries: [],
    targets: [],
    settings: [],
    changes: nothing,
    foreign: [],
  };
  return { outcome: 'skipped', reason: reasonText(reason), ...rest };
}
