import { describe, expect, it } from 'vitest';
import { type Decision, notInjected } from '../../src/admission/decision.ts';
import { createMetrics } from '../../src/metrics/registry.ts';
import type { Metrics } from '../../src/metrics/types.ts';
import { examples } from '../support/reason-examples.ts';

// Every pod of the cluster can send reviews with any namespaces, profiles and reasons. The number of series must not grow with them.

function newMetrics(): Metrics {
  const certificates = {
    expiry: { leaf: undefined, ca: undefined },
    renewals: { leaf: 0, ca: 0 },
    hasProblem: false,
    foreign: 0,
    repairs: 0,
    drift: {},
  };
  const namespaces = { size: 0, synced: true, ageMs: 0, restarts: 0 };
  return createMetrics({ namespaces: () => namespaces, certificates: () => certificates }, 'test');
}

const reasons = Object.values(examples);

/** The n-th forged decision: every combination of profiles and reasons. */
function decision(n: number): Decision {
  const reason = reasons[n % reasons.length] ?? { code: 'internal-error' };
  const profile = `profile-${Math.floor(n / reasons.length) % 100}`;
  const containers = [{ outcome: 'skipped' as const, container: 'web', profile, reason }];
  return notInjected(reason, n % 2 === 0, { containers, notices: reasons });
}

const seriesOf = (text: string, name: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`));
const sum = (lines: readonly string[]): number =>
  lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);

describe('after 100,000 forged reviews of 20,000 namespaces, 100 profiles and every reason', () => {
  it('the metrics have a bounded number of series, and every review is counted', async () => {
    const metrics = newMetrics();
    for (let n = 0; n < 100_000; n++) {
      metrics.recordReview(decision(n), `namespace-${n % 20_011}`, 0.001);
      metrics.recordBadRequest(400 + (n % 16));
    }
    const text = await metrics.render();
    const decisions = seriesOf(text, 'agent_injector_decisions_total');
    // Series beyond 3,000 are "other", by outcome and reason.
    expect(decisions.length).toBeLessThanOrEqual(3000 + 2 * reasons.length);
    expect(decisions.length).toBeGreaterThan(3000);
    expect(decisions.filter((line) => line.includes('namespace="other",profile="other"')).length).toBeGreaterThan(0);
    expect(new Set(decisions.map((line) => /namespace="([^"]*)"/.exec(line)?.[1])).size).toBeLessThanOrEqual(201);
    expect(sum(decisions)).toBe(100_000);
    expect(seriesOf(text, 'agent_injector_reviews_total').length).toBeLessThanOrEqual(2 * reasons.length);
    expect(sum(seriesOf(text, 'agent_injector_reviews_total'))).toBe(100_000);
    expect(seriesOf(text, 'agent_injector_notices_total')).toHaveLength(reasons.length);
    expect(text.split('\n').length).toBeLessThan(4000);
  });
});

it('reviews of namespaces that are not enabled do not use up the label values of enabled ones', async () => {
  const metrics = newMetrics();
  const notEnabled = notInjected(examples['namespace-not-enabled'], false);
  for (let n = 0; n < 500; n++) metrics.recordReview(notEnabled, `made-up-${n}`, 0.001);
  metrics.recordReview(notInjected(examples['no-profile'], false), 'shop', 0.001);
  const text = await metrics.render();
  const [others, shop, ...rest] = seriesOf(text, 'agent_injector_decisions_total');
  expect(others).toMatch(/namespace="other",.*reason="namespace-not-enabled"\} 500$/);
  expect(shop).toMatch(/namespace="shop".* 1$/);
  expect(rest).toEqual([]);
});
