import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { presenceOf } from '../../src/diagnostics/presence.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { catalogueOf, plainNamespace, pod, profileDocument } from '../support/fixtures.ts';

const within = plainNamespace();

/** A profile whose version canary has this share of the workloads. */
const canaryOf = (percent: number): Catalogue =>
  catalogueOf(
    profileDocument({
      parameters: [{ name: 'agent-version', type: 'version', default: '1.0', description: 'The version.' }],
      environment: [{ name: 'AGENT', value: '${agent-version}' }],
      canary: { version: { percent, values: { 'agent-version': '2.0' } } },
    }),
  );

const ended = { ...pod(), status: { phase: 'Succeeded' } };

describe('the pods of a workload', () => {
  it.each([
    ['of a workload that is new in a version canary are outdated', 0, 100, 1],
    ['of a workload that has left a version canary are outdated', 100, 0, 1],
    ['with the version of their workload are not', 100, 100, 0],
  ])('%s', (_, before, after, outdated) => {
    const injected = admit(pod(), within, canaryOf(before)).pod;
    const rest = { namespace: within, catalogue: canaryOf(after), cluster: unknownCluster };
    expect(presenceOf([injected, pod(), ended], rest)).toEqual({ total: 2, injected: 1, outdated });
  });
});
