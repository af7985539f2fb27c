import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { conditionTable } from '../../src/resources/condition-table.ts';
import { PODS_OWNERSHIP, podsReport } from '../../src/resources/pods-report.ts';
import { PROFILE_OWNERSHIP, profileReport } from '../../src/resources/profile-report.ts';
import { appliedStatus, isWritten, renderStatus, type Status } from '../../src/resources/status.ts';
import { TARGET_OWNERSHIP, targetReport } from '../../src/resources/target-report.ts';

const NOW = '2026-11-30T12:00:00Z';
const LATER = '2026-11-30T12:05:00Z';

const inService = { vendor: 'Acme', hash: '0123abcd' };

/** The conditions by their types: status, reason. */
const shortOf = ({ conditions }: Status): object =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));

describe('the status of an AgentProfile', () => {
  it.each([
    ['without errors', { generation: 1, problems: [], inService }, { Accepted: 'True Valid', Ready: 'True InService' }],
    [
      'with errors, after a valid generation',
      { generation: 2, problems: ['spec.vendor: is missing'], inService },
      { Accepted: 'False Invalid', Ready: 'False KeptLastGood' },
    ],
    [
      'with errors from the start',
      { generation: 1, problems: ['spec.vendor: is missing'], inService: undefined },
      { Accepted: 'False Invalid', Ready: 'False NotInService' },
    ],
  ])('%s', (_, judgement, expected) => {
    const status = renderStatus({}, profileReport(judgement), NOW);
    expect(shortOf(status)).toEqual(expected);
    expect(status['observedGeneration']).toBe(judgement.generation);
    expect(status['hash']).toBe(judgement.inService?.hash);
  });

  it('names the first three problems, and counts the others', () => {
    const report = profileReport({ generation: 1, problems: ['a', 'b', 'c', 'd', 'e'], inService });
    const [accepted] = renderStatus({}, report, NOW).conditions;
    expect(accepted?.message).toBe('a; b; c; and 2 more');
  });

  it('has messages that the API server takes', () => {
    const report = profileReport({ generation: 1, problems: ['x'.repeat(50_000)], inService });
    for (const { message } of renderStatus({}, report, NOW).conditions)
      expect(message.length).toBeLessThanOrEqual(1000);
  });
});

describe('the time of a condition', () => {
  const first = renderStatus({}, profileReport({ generation: 1, problems: [], inService }), NOW);
  const times = ({ conditions }: Status): object =>
    Object.fromEntries(conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]));

  it('stays while the status stays, whatever else changes', () => {
    const next = renderStatus(
      first,
      profileReport({ generation: 2, problems: [], inService: { ...inService, hash: 'ffffffff' } }),
      LATER,
    );
    expect(times(next)).toEqual({ Accepted: NOW, Ready: NOW });
    expect(next.conditions.map(({ observedGeneration }) => observedGeneration)).toEqual([2, 2]);
  });

  it('changes with the status', () => {
    const next = renderStatus(first, profileReport({ generation: 2, problems: ['x'], inService }), LATER);
    expect(times(next)).toEqual({ Accepted: LATER, Ready: LATER });
  });
});

describe('what is written', () => {
  const report = profileReport({ generation: 1, problems: [], inService });
  const stored: JsonObject = renderStatus({}, report, NOW);

  it('is the same at another time', () => {
    expect(isWritten(stored, renderStatus(stored, report, LATER), PROFILE_OWNERSHIP)).toBe(true);
  });

  it('is not affected by what another process writes, nor by the order of conditions', () => {
    const observed = renderStatus(stored, podsReport(1, { injected: 1, outdated: 0, unhealthy: 0 }, undefined), NOW);
    const both = { ...observed, ...stored, conditions: [...observed.conditions, ...(stored as Status).conditions] };
    expect(isWritten(both, renderStatus(both, report, LATER), PROFILE_OWNERSHIP)).toBe(true);
    const counts = podsReport(1, { injected: 2, outdated: 0, unhealthy: 0 }, undefined);
    expect(isWritten(both, renderStatus(both, counts, LATER), PODS_OWNERSHIP)).toBe(false);
  });

  it.each([
    ['a version', profileReport({ generation: 1, problems: [], inService: { ...inService, hash: 'ffffffff' } })],
    ['a generation', profileReport({ generation: 2, problems: [], inService })],
    ['no version any more', profileReport({ generation: 1, problems: ['x'], inService: undefined })],
  ])('differs by %s', (_, next) => {
    expect(isWritten(stored, renderStatus(stored, next, LATER), PROFILE_OWNERSHIP)).toBe(false);
  });

  it('is not there where nothing was written, or something else', () => {
    expect(isWritten({}, renderStatus({}, report, NOW), PROFILE_OWNERSHIP)).toBe(false);
    expect(isWritten({ conditions: 'x' }, renderStatus({}, report, NOW), PROFILE_OWNERSHIP)).toBe(false);
  });

  it('reaches only the object that was judged', () => {
    const target = {
      kind: 'AgentTarget',
      apiVersion: 'agent-injector.io/v1alpha1',
      namespace: 'shop',
      name: 'web',
      uid: 'u',
    };
    const status = renderStatus({}, report, NOW);
    expect(appliedStatus(target, status)).toEqual({
      apiVersion: 'agent-injector.io/v1alpha1',
      kind: 'AgentTarget',
      metadata: { name: 'web', uid: 'u', namespace: 'shop' },
      status,
    });
  });
});

describe('the pods of an AgentProfile', () => {
  const of = (injected: number, unhealthy = 0, breaker?: string): Status =>
    renderStatus({}, podsReport(1, { injected, outdated: 0, unhealthy }, breaker), NOW);

  it.each([
    [of(0), { InUse: 'False NoPods', Degraded: 'False NoneUnhealthy' }],
    [of(3), { InUse: 'True PodsInjected', Degraded: 'False NoneUnhealthy' }],
    [of(3, 1), { InUse: 'True PodsInjected', Degraded: 'True PodsUnhealthy' }],
    [of(3, 1, 'open'), { InUse: 'True PodsInjected', Degraded: 'True BreakerOpen' }],
  ])('%#', (status, expected) => expect(shortOf(status)).toEqual(expected));

  it('are counted exactly up to a thousand, and to two digits beyond', () => {
    const injected = [999, 1000, 1001, 1049, 1050, 12_345, 99_999].map(
      (count) => (of(count)['pods'] as JsonObject)['injected'],
    );
    expect(injected).toEqual([999, 1000, 1000, 1000, 1100, 12_000, 100_000]);
  });

  it('are not in the messages: each pod would be a write', () => {
    expect(of(3, 1).conditions.map(({ message }) => message)).toEqual(
      of(5, 2).conditions.map(({ message }) => message),
    );
  });
});

describe('the status of a target', () => {
  const of = (change: object): Status =>
    renderStatus({}, targetReport({ generation: 1, problems: [], unknownProfiles: [], winners: [], ...change }), NOW);

  it.each([
    [{}, { Accepted: 'True Valid', Conflict: 'False NoConflict' }],
    [{ problems: ['x'] }, { Accepted: 'False Invalid', Conflict: 'False NoConflict' }],
    [{ unknownProfiles: ['acme'] }, { Accepted: 'False UnknownProfile', Conflict: 'False NoConflict' }],
    [{ winners: ['AgentTarget shop/web'] }, { Accepted: 'True Valid', Conflict: 'True OtherTargetFirst' }],
  ])('%j', (change, expected) => expect(shortOf(of(change))).toEqual(expected));

  it('names the winner', () => {
    expect(of({ winners: ['AgentTarget shop/web'] }).conditions.at(-1)?.message).toContain('AgentTarget shop/web');
  });
});

it('each condition that a process writes has reasons, and each reason a condition that is written', () => {
  const owned = [PROFILE_OWNERSHIP, PODS_OWNERSHIP, TARGET_OWNERSHIP].flatMap(({ conditions }) => conditions);
  expect(new Set(Object.values(conditionTable).map(({ type }) => type))).toEqual(new Set(owned));
  for (const reason of Object.keys(conditionTable)) expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
});

it('a long message is cut between characters: the API server would store another one, and each pass would be a write', () => {
  for (const before of ['', 'x']) {
    const problems = [`${before}${'😀'.repeat(1000)}`];
    const report = targetReport({ generation: 1, problems, unknownProfiles: [], winners: [] });
    for (const { message } of renderStatus({}, report, NOW).conditions)
      expect(Buffer.from(message).toString()).toBe(message);
  }
});
