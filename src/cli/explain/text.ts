import type { InjectedStatus } from '../../api/status-annotation.ts';
import type { Explanation, Step } from '../../diagnostics/explanation.ts';
import type { Presence } from '../../diagnostics/presence.ts';
import type { Chain, ChainValue } from '../../diagnostics/precedence.ts';
import type { EntryMatch } from '../../diagnostics/webhook-match.ts';
import { oneLine } from '../../lib/text.ts';
import { sourceText } from '../../reasons/message.ts';
import { decisionLines, reasonLines, targetLine } from '../decision-text.ts';
import { formatSection, indent } from '../format.ts';
import { changeLines, quoted } from './changes-text.ts';
import { obstacleText } from './obstacle.ts';
import type { ExplanationResult } from './result.ts';

/** Notices that the first lines have, too. */
const MAX_NOTICED = 3;

/** `all`: every check, and every webhook entry; otherwise those that hold are counted. */
export function explanationLines({ decision, ...result }: ExplanationResult, all = false): readonly string[] {
  const at = result.at === undefined ? '' : ` (${result.at})`;
  const place = result.namespace === '' ? '' : ` in namespace ${result.namespace}`;
  const findings = result.findings.flatMap(({ message, fix }) => [
    `! ${message}`,
    ...(fix === undefined ? [] : [indent(`$ ${fix}`)]),
  ]);
  // What a notice is about is seldom meant: a misspelled annotation, above all. What to do is in the last section.
  const noticed = decision.notices
    .filter(({ message }) => decision.reason?.message.includes(message) !== true)
    .slice(0, MAX_NOTICED)
    .map(({ message, code }) => `! ${message} (${code})`);
  const recorded = result.recorded === undefined ? [] : JSON.stringify(result.recorded, null, 2).split('\n');
  return [
    `${result.subject}${place}${at}`,
    ...[...resultLines(decision, result), ...findings, ...noticed].map(indent),
    ...formatSection('Status recorded when the pod was created', recorded),
    ...formatSection('Creation as a dry run', result.dryRun === undefined ? [] : [result.dryRun]),
    ...formatSection('Webhook calls', webhookLines(result.apiServer ?? [], all)),
    ...formatSection('Admission policies', policyLines(result.policies ?? [], all)),
    ...formatSection(
      'Checks, in order',
      all ? stepLines(decision.path) : result.isUndecided ? [] : failedStepLines(decision.path),
    ),
    ...formatSection('Delivery', deliveryLines(decision)),
    ...formatSection('Targets', decision.targets.map(targetLine)),
    ...formatSection(
      'Settings',
      decision.settings.flatMap((chain) => chainLines(chain, result.assumesDefaults ?? false)),
    ),
    ...formatSection('Keys of other injectors, and what import makes of them', foreignLines(decision)),
    ...formatSection('Changes to the pod', changeLines(decision.changes)),
    ...formatSection('Notices', decision.notices.flatMap(reasonLines)),
  ];
}

function foreignLines({ foreign }: Explanation): readonly string[] {
  return foreign.map(({ key, from, product, meaning }) => `${key} of the ${from} (${product}): ${meaning}`);
}

/** First what is, then what would be decided now. */
function resultLines(decision: Explanation, result: Omit<ExplanationResult, 'decision'>): readonly string[] {
  const { carries = [], pods, exists } = result;
  if (pods) return workloadLines(decidedLines(decision, result), pods, withoutServer(result));
  if (carries.length > 0) return carryingLines(decision, result);
  const newLines = decidedLines(decision, result);
  const isThere = decision.reason?.kind === 'satisfied' || decision.reason?.kind === 'unverified';
  if (!exists || isThere) return newLines;
  return [
    `not injected when it was created: ${whyNotThen(result)}`,
    `if it were created now${withoutServer(result)}:`,
    ...newLines.map(indent),
  ];
}

/** What becomes of new pods: the decision, unless agent-injector is not asked for it. */
function decidedLines(decision: Explanation, result: Omit<ExplanationResult, 'decision'>): readonly string[] {
  const lines = result.isUndecided ? [undecidedLine(decision)] : decisionLines(decision);
  const obstacle = obstacleText({ ...result, decision });
  if (obstacle === undefined) return lines;
  const [first = '', ...others] = lines;
  return [obstacle, `otherwise: ${first}`, ...others];
}

/** There is nothing to correct: the profile may well be there. */
function undecidedLine({ reason }: Explanation): string {
  return `not known: ${reason?.message ?? ''}, among those that could be read`;
}

/** Of a pod that carries its agent, what would be decided now matters only if it is another decision. */
function carryingLines(decision: Explanation, result: Omit<ExplanationResult, 'decision'>): readonly string[] {
  const { carries = [], decisionOn } = result;
  const then = carries.map(
    ({ container, profile, delivery }) =>
      `injected when it was created: ${profile} into container ${oneLine(container, 63)} by ${delivery}`,
  );
  const { reason } = decision;
  const isSame = decisionOn !== undefined && JSON.stringify(agentsIn(decision)) === JSON.stringify(agentsOf(carries));
  if (
    (isSame && obstacleText({ ...result, decision }) === undefined) ||
    reason?.kind === 'satisfied' ||
    reason?.kind === 'unverified'
  )
    return then;
  const unseen = withoutServer(result);
  const title =
    decisionOn === undefined ? `if it were created now, as it is${unseen}:` : `new pods of ${decisionOn}${unseen}:`;
  return [...then, title, ...decidedLines(decision, result).map(indent)];
}

/** Said with a decision that may depend on what could not be read. */
function withoutServer({ without = [] }: Pick<ExplanationResult, 'without'>): string {
  return without.length === 0 ? '' : `, without ${without.join(' and ')}`;
}

/** What is injected now, to be compared with what a pod carries. */
function agentsIn({ containers }: Explanation): readonly string[] {
  return containers.flatMap(({ outcome, container, profile = '', delivery = '' }) =>
    outcome === 'injected' ? [`${container} ${profile} ${delivery}`] : [],
  );
}

function agentsOf(carries: readonly InjectedStatus[]): readonly string[] {
  return carries.map(({ container, profile, delivery }) => `${container} ${profile} ${delivery}`);
}

function whyNotThen({ recorded, findings }: Pick<ExplanationResult, 'recorded' | 'findings'>): string {
  if (!recorded) return 'it has no record of a decision';
  const unproven = findings.find(({ code }) => code === 'record-unproven');
  if (unproven) return unproven.message;
  const { reason = recorded.decision, message } = recorded;
  return message === undefined ? reason : `${oneLine(message, 300)} (${reason})`;
}

function workloadLines(decided: readonly string[], { total, injected }: Presence, unseen: string): readonly string[] {
  const [first = '', ...others] = decided;
  const running = total === 0 ? 'none' : `${injected} of ${total} carry an agent`;
  return [`new pods${unseen}: ${first}`, ...others, `running pods: ${running}`];
}

/** That the other entries are not called is as it should be where one is. */
function webhookLines(matches: readonly EntryMatch[], all: boolean): readonly string[] {
  const isCalled = matches.some(({ called }) => called === 'yes');
  return matches.filter(({ called }) => all || !isCalled || called !== 'no').map(webhookLine);
}

/** A policy leaves a pod alone of which an expression cannot decide as a server would: docs/without-a-webhook.md. */
function policyLines(policies: NonNullable<ExplanationResult['policies']>, all: boolean): readonly string[] {
  const isOneFor = policies.some(({ injects }) => injects);
  return policies
    .filter(({ injects }) => all || injects || !isOneFor)
    .map(({ name, profile, delivery, injects, why }) =>
      injects
        ? `✓ injects: MutatingAdmissionPolicy ${name}: ${profile} by ${delivery}, unless its own checks say beyond-policy`
        : `✗ does not inject: MutatingAdmissionPolicy ${name}: ${why ?? ''}`,
    );
}

function webhookLine({ configuration, entry, called, why }: EntryMatch): string {
  const isBroken = called === 'yes' && why !== undefined;
  const what = { yes: isBroken ? '✗ called' : '✓ called', no: '✗ not called', unknown: '? may be called' }[called];
  return `${what}: ${entry} of ${configuration}${why === undefined ? '' : `: ${why}`}`;
}

function stepLines(path: readonly Step[]): readonly string[] {
  let previous = '';
  return path.flatMap((step) => {
    const subject = subjectText(step);
    const head = subject === previous || subject === '' ? [] : [subject];
    previous = subject;
    const why = step.reason ? `: ${step.reason.message} (${step.reason.code})` : '';
    const line = `${step.reason ? '✗' : '✓'} ${step.condition}${why}`;
    return [...head, subject === '' ? line : indent(line)];
  });
}

/** The checks that do not hold, and how many do. */
function failedStepLines(path: readonly Step[]): readonly string[] {
  const held = path.filter(({ reason }) => !reason).length;
  const summary = held === 0 ? [] : [`✓ ${held === 1 ? '1 check holds' : `${held} checks hold`} (--all shows them)`];
  return [...stepLines(path.filter(({ reason }) => reason)), ...summary];
}

function subjectText({ container, profile }: Step): string {
  if (container === undefined) return '';
  return `container ${container}${profile === undefined ? '' : `, profile ${profile}`}`;
}

function deliveryLines({ deliveries }: Explanation): readonly string[] {
  return deliveries.flatMap(({ container, profile, delivery, namedBy, skipped }) => [
    `container ${container}, profile ${profile}: ${delivery}, ${namedBy === undefined ? 'the first that can be used' : `chosen by ${namedBy}`}`,
    ...skipped.map((one) => indent(`skipped ${one.delivery}: ${one.why}`)),
  ]);
}

/** `isAssumed`: the defaults of the cluster are not known, and the built-in ones stand in for them. */
function chainLines({ setting, container, values }: Chain, isAssumed: boolean): readonly string[] {
  const name = container === undefined ? setting : `${setting} for container ${container}`;
  // Settings without a value are left out; `-o json` has them.
  if (values.length === 0) return [];
  const winner = values.find(({ state }) => state === 'wins');
  return [
    winner ? `${name} = ${quoted(winner.text)} from ${placeText(winner, isAssumed)}` : notSetText(name, isAssumed),
    ...values
      .filter((value) => value !== winner)
      .map((one) => {
        const what = one.state === 'locked' ? 'ignored, must not be set there' : 'overridden';
        return indent(`${what}: ${quoted(one.text)} from ${placeText(one, isAssumed)}`);
      }),
  ];
}

function placeText(value: ChainValue, isAssumed: boolean): string {
  if (isAssumed && (value.from === 'cluster' || value.from === 'profile'))
    return 'the built-in defaults; those of the cluster could not be read';
  return value.isBuiltIn ? `built-in default ${'key' in value ? value.key : ''}`.trim() : sourceText(value);
}

function notSetText(name: string, isAssumed: boolean): string {
  return isAssumed
    ? `${name} is not set, unless by a default of the cluster, which could not be read`
    : `${name} is not set`;
}
