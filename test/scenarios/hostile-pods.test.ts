import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import { type ClusterState, unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import {
  catalogue,
  catalogueFrom,
  catalogueOf,
  container,
  plainNamespace,
  pod,
  profileDocument,
} from '../support/fixtures.ts';

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const copies = { initContainer: { image: 'r/agent:${v}', command: ['cp', '-r', '/a/.', '/agent'], position: 'last' } };
const v = { name: 'v', type: 'version', default: '1', description: 'd' };
const spec = {
  environment: [
    { name: 'X', operation: 'append', separator: ' ', value: '-javaagent:/agent/a.jar' },
    { name: 'X', operation: 'append', separator: ' ', value: '-Dx=$(ONE)' },
    { name: 'ONE', value: '$(TWO)' },
    { name: 'TWO', value: '2' },
    { name: 'M', operation: 'merge', separator: ',', assignment: '=', value: 'a=1' },
  ],
  writablePaths: [{ path: '/w' }],
  files: [{ path: '/f', content: 'x' }],
};
const foreignAgents = many(20, (index) => ({
  vendor: `V${index}`,
  slots: ['clr-profiler'],
  match: [
    { env: { name: `S${index}` } },
    { command: { contains: `s${index}` } },
    { mount: `/s${index}` },
    { volume: `s${index}` },
    { image: `*s${index}*` },
  ],
}));
const chain = many(40, (index) => ({
  name: `C${index}`,
  value: index > 38 ? 'x' : `$(C${index + 1})$(C${Math.min(39, index + 2)})`,
}));
const plain = catalogueOf(profileDocument(spec));
const copying = catalogueOf(profileDocument({ ...spec, parameters: [v], deliveries: [copies] }));
const keys = new Set(many(200, (index) => `KEY_${index}`));
const cluster: ClusterState = { ...unknownCluster, configMapKeys: () => keys };
const web = (rest: Record<string, unknown>): Pod => pod([container('web', rest)]);

describe('a hostile pod', () => {
  it.each<[string, Pod, Catalogue]>([
    [
      '10,000 variables',
      web({ env: many(10_000, (index) => ({ name: `V${index}`, value: `$(V${index - 1})` })) }),
      plain,
    ],
    ['10,000 variables of one name', web({ env: many(10_000, () => ({ name: 'X', value: '-a' })) }), plain],
    [
      '10,000 variables with the names that ours would get',
      web({
        env: [
          ...many(10_000, (index) => ({ name: `X_ORIGINAL${index < 1 ? '' : `_${index + 1}`}`, value: '' })),
          { name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
      }),
      plain,
    ],
    ['a value of 100,000 references', web({ env: [{ name: 'X', value: '$(A)'.repeat(100_000) }] }), plain],
    ['a value of 300,000 openings', web({ env: [{ name: 'X', value: '$('.repeat(300_000) }] }), plain],
    ['a value of 500,000 blanks', web({ env: [{ name: 'X', value: `-a${' '.repeat(500_000)}b` }] }), plain],
    ['a value of 200,000 assignments', web({ env: [{ name: 'M', value: 'k=v,'.repeat(200_000) }] }), plain],
    [
      '5,000 sources of variables',
      web({ envFrom: many(5000, (index) => ({ configMapRef: { name: `c${index}` }, prefix: 'p' })) }),
      plain,
    ],
    [
      '2,000 containers, 100 matchers',
      pod(many(2000, (index) => container(`c${index}`, { env: [{ name: 'A', value: 'a' }], command: ['x'] }))),
      catalogueFrom({ profiles: [profileDocument(spec)], foreignAgents }),
    ],
    [
      '10,000 variables, 100 matchers',
      web({ env: many(10_000, (index) => ({ name: `V${index}`, value: 'x' })) }),
      catalogueFrom({ profiles: [profileDocument(spec)], foreignAgents }),
    ],
    [
      '5,000 init containers',
      pod(
        undefined,
        {},
        {
          initContainers: many(5000, (index) =>
            container(`i${index}`, { command: copies.initContainer.command, image: 'r/agent:2' }),
          ),
        },
      ),
      copying,
    ],
    [
      '5,000 init containers, 50 of them selected',
      pod(
        undefined,
        { containers: many(50, (index) => `i${index * 100}`).join() },
        { initContainers: many(5000, (index) => container(`i${index}`)) },
      ),
      copying,
    ],
    [
      '3,000 containers, each with a version',
      pod(
        many(3000, (index) => container(`c${index}`)),
        Object.fromEntries(many(3000, (index) => [`v.agent-injector.io/c${index}`, `1.${index}`])),
      ),
      copying,
    ],
    [
      '2,000 volumes with the names that ours would get',
      pod(
        many(2000, (index) => container(`c${index}`)),
        {},
        { volumes: many(2000, (index) => ({ name: `agent-${index}`, downwardAPI: { items: [] } })) },
      ),
      plain,
    ],
    [
      'a profile named 20,000 times',
      pod(
        many(500, (index) => container(`c${index}`)),
        { profile: many(20_000, () => 'agent').join() },
      ),
      plain,
    ],
    [
      'a chain of references in a profile',
      web({ env: [{ name: 'Z', value: '' }] }),
      catalogueOf(
        profileDocument({
          environment: [...chain, { name: 'Z', operation: 'append', separator: ' ', value: '$(C0)' }],
        }),
      ),
    ],
    [
      'all built-in profiles in 50 containers',
      pod(
        many(50, (index) => container(`c${index}`, { env: many(50, (at) => ({ name: `V${at}`, value: '' })) })),
        { profile: [...catalogue.profiles.keys()].join() },
      ),
      catalogue,
    ],
  ])('with %s is decided in less than a second of CPU time', (_, given, known) => {
    // CPU time: on a busy machine, elapsed time says little.
    const started = process.cpuUsage();
    const { decision, operations } = admit(given, plainNamespace(), known, cluster);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(1000 * Number(process.env['CPU_FACTOR'] ?? 1));
    expect(decision.outcome === 'injected' ? '' : decision.reason.code).not.toBe('rule-broken');
    expect(decision.notices.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(operations).length).toBeLessThan(192 * 1024 + 1024 * 1024);
  });
});
