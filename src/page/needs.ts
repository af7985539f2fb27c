import type { Breaker, BreakerPhase } from '../api/breaker.ts';
import { auditKindMeanings } from '../diagnostics/audit-pod.ts';
import type { AuditFinding } from '../diagnostics/audit.ts';
import type { GroupedCheck } from '../diagnostics/checks/check.ts';
import { breakerMeanings, breakerNote } from '../diagnostics/liveness/known-breakers.ts';
import { type VerdictCode, verdictCodes } from '../diagnostics/liveness/verdict-code.ts';
import type { AgentState } from '../api/agent-state.ts';
import type { WorkloadStatus } from '../diagnostics/workload-status.ts';
import { docsAddress } from '../reasons/message.ts';
import { reasonCodes, reasonTable } from '../reasons/reason-table.ts';
import { auditNeeds } from './audit-needs.ts';
import { resetting, restart, verifying } from './commands.ts';
import { type AffectedWorkload, type Need, NEED_KINDS, type Overview } from './wire.ts';

/** What was read of a cluster, or of files. */
export interface Readings {
  readonly workloads: readonly WorkloadStatus[];
  readonly findings: readonly AuditFinding[];
  readonly checks: readonly GroupedCheck[];
  readonly notes: readonly string[];
}

/** A need with one of those that have it. */
interface Single extends Omit<Need, 'id' | 'affected'> {
  readonly one: AffectedWorkload;
}

/** Everything that someone has to do something about, grouped by what it is and in the order in which it should be looked at. */
export function overviewOf({ workloads, findings, checks, notes }: Readings): Overview {
  const heldBack = new Set(workloads.filter(hasBreaker).map(keyOf));
  const removable = new Set(findings.filter(({ kind }) => kind === 'namespace-off').map(keyOf));
  const needs = grouped([
    ...checks.flatMap(ofCheck),
    ...workloads.flatMap(ofBreakers),
    ...workloads.flatMap(ofStates),
    ...workloads.filter((one) => one.leftover > 0 && !removable.has(keyOf(one))).map(ofLeftover),
    // The breaker is the reason, and closing it the fix.
    ...findings.filter((one) => one.reason !== 'breaker-open' || !heldBack.has(keyOf(one))).map(ofFinding),
  ]);
  return { needs, workloads: workloads.map((one) => ({ ...one, asked: askedOf(one) })), notes };
}

const CHOSEN: ReadonlySet<string> = new Set(reasonCodes.filter((code) => reasonTable[code].kind === 'choice'));

/** A pod that was left without an agent by choice may be one that would get it now. */
function askedOf({ pods, injected, missing, leftover, whyNot }: WorkloadStatus): number {
  const chosen = whyNot.filter(({ code }) => CHOSEN.has(code)).reduce((sum, one) => sum + one.pods, 0);
  return Math.max(pods - chosen, injected + missing) - leftover;
}

/** Those of most workloads first, within a kind. */
function grouped(all: readonly Single[]): readonly Need[] {
  const needs = new Map<string, Need & { readonly affected: AffectedWorkload[] }>();
  for (const { one, ...rest } of all) {
    const id = `${rest.kind}.${rest.code}`;
    const before = needs.get(id);
    if (before) before.affected.push(one);
    else needs.set(id, { id, ...rest, affected: [one] });
  }
  return [...needs.values()].toSorted(
    (one, other) => rank(one) - rank(other) || other.affected.length - one.affected.length,
  );
}

function rank({ kind }: Need): number {
  return NEED_KINDS.indexOf(kind);
}

function keyOf({ namespace, workload = '' }: { readonly namespace: string; readonly workload?: string }): string {
  return `${namespace} ${workload}`;
}

function hasBreaker({ breakers = [] }: WorkloadStatus): boolean {
  return breakers.some(({ phase }) => phase !== 'cleared');
}

const CLUSTER_GROUPS: ReadonlySet<string> = new Set(['cluster', 'server', 'configuration', 'certificates']);

function ofCheck({ group, name, result, message, hint, docs }: GroupedCheck): readonly Single[] {
  if (result !== 'problem' || !CLUSTER_GROUPS.has(group)) return [];
  const [, command] = /(?:^|: )\$ (.+)$/s.exec(hint ?? '') ?? [];
  const one = { namespace: '', workload: undefined, pods: 0, message, fix: command, hint };
  return [{ kind: 'server', code: name, meaning: message, docs: docs ?? 'docs/operations.md', one }];
}

const BREAKER_DOCS = 'docs/operations.md#circuit-breakers';

const BREAKER_HINTS: { readonly [phase in BreakerPhase]: string } = {
  open: 'Correct what the agent or its profile does to these pods, then close the breaker, and create the pods again.',
  'half-open': 'Wait for the pod that tries the agent again.',
  suspected: 'Look at why the pods fail: if it is not the agent, close the breaker.',
  cleared: '',
};

function ofBreakers({ namespace, workload, pods, breakers = [] }: WorkloadStatus): readonly Single[] {
  return breakers
    .filter(({ phase }) => phase !== 'cleared')
    .map((breaker: Breaker): Single => {
      const { phase } = breaker;
      const [message, fix, hint] = [breakerNote(breaker), resetting(breaker), BREAKER_HINTS[phase]];
      const one = { namespace, workload, pods, message, fix, hint };
      const meaning = `Circuit breaker: ${breakerMeanings[phase]}`;
      return { kind: 'breaker', code: `breaker-${phase}`, meaning, docs: BREAKER_DOCS, one };
    });
}

/** The states of an agent in which someone has to look, with what `verify` calls them. */
const FAILING: { readonly [state in AgentState]?: VerdictCode } = {
  crashing: 'crashed',
  'out-of-memory': 'out-of-memory',
  'copy-failed': 'files-not-copied',
  'pull-failed': 'image-not-pulled',
  'agent-failed': 'agent-failed',
  'no-sign': 'no-sign',
};

function ofStates({ namespace, workload, states, injected }: WorkloadStatus): readonly Single[] {
  return Object.entries(FAILING).flatMap(([state, code]): readonly Single[] => {
    // Object.entries gives the keys as strings; these are exactly those of the table.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const pods = states[state as AgentState] ?? 0;
    if (pods === 0) return [];
    const { meaning } = verdictCodes[code];
    const message = `${pods} of ${injected} pods with an agent: ${state}`;
    const hint = 'The command shows which container fails, and the end of its log.';
    const one = { namespace, workload, pods, message, fix: verifying(namespace, workload), hint };
    return [
      {
        kind: 'failing',
        code: state,
        meaning,
        docs: 'docs/operations.md#the-agent-is-injected-and-nothing-arrives',
        one,
      },
    ];
  });
}

function ofLeftover({ namespace, workload, leftover }: WorkloadStatus): Single {
  const message = `${leftover} pods carry an agent that is no longer asked for`;
  const hint = 'Create the pods again to remove the agent.';
  const one = { namespace, workload, pods: leftover, message, fix: restart(namespace, workload), hint };
  const meaning = 'Agent is present, and no longer asked for';
  return { kind: 'leftover', code: 'leftover', meaning, docs: 'docs/rollout.md', one };
}

function ofFinding(finding: AuditFinding): Single {
  const need = auditNeeds[finding.kind];
  return { kind: need.kind, ...groupOf(finding), one: affectedBy(finding) };
}

/** A reason says more than the kind of the finding, other than for a namespace that means to be enabled. */
function groupOf({ kind, reason }: AuditFinding): Pick<Need, 'code' | 'meaning' | 'docs'> {
  if (reason === undefined || kind === 'namespace-mislabelled')
    return { code: kind, meaning: auditKindMeanings[kind], docs: auditNeeds[kind].docs };
  return { code: reason, meaning: reasonTable[reason].meaning, docs: docsAddress(reason) };
}

function affectedBy({ kind, namespace, workload, pods, reason, message, fix }: AuditFinding): AffectedWorkload {
  const { command, hint, isOfCluster = false } = auditNeeds[kind];
  const place = isOfCluster ? { namespace: '', workload: undefined } : { namespace, workload };
  const advice = reason === undefined ? hint : reasonTable[reason].hint;
  return { ...place, pods, message, fix: fix ?? command(namespace, workload), hint: hintOf(advice, namespace) };
}

/** The name of the namespace in the place of its placeholder. */
function hintOf(hint: string | undefined, namespace: string): string | undefined {
  return namespace === '' ? hint : hint?.replaceAll(/\bNAMESPACE\b/g, namespace);
}
