import { expect, it } from 'vitest';
import { reasonMessage, sourceText } from '../../src/reasons/message.ts';
import type { ClaimProblem } from '../../src/reasons/claim-problem.ts';
import type { Reason, Source, UnmetRequirement } from '../../src/reasons/reason.ts';
import { reasonTable } from '../../src/reasons/reason-table.ts';
import { examples } from '../support/reason-examples.ts';

// The English of all reasons is held here and nowhere else: `npx vitest run test/reasons -u` writes messages.txt. Other tests look at codes
// and facts.

const claimProblems: readonly ClaimProblem[] = [
  { kind: 'absent' },
  { kind: 'deleting' },
  { kind: 'lost' },
  { kind: 'block' },
  { kind: 'no-volume' },
  { kind: 'unbound' },
  { kind: 'unreachable' },
  { kind: 'one-pod' },
  { kind: 'one-node' },
  { kind: 'in-use', node: 'node-1' },
  { kind: 'elsewhere', node: 'node-1' },
];

const requirements: readonly UnmetRequirement[] = [
  { why: 'named-only' },
  { why: 'image-volumes', nodes: 'off' },
  { why: 'image-volumes', nodes: 'unknown' },
  { why: 'image-volumes', nodes: 'unable' },
  { why: 'storage-class', storageClass: 'fast', problem: 'no-volume' },
  { why: 'storage-class', storageClass: undefined, problem: 'unreachable' },
  { why: 'excluded', kind: 'image', by: { from: 'cluster', key: 'exclude-deliveries' } },
  { why: 'kubernetes', minimum: { major: 1, minor: 35 }, actual: { major: 1, minor: 33 } },
  { why: 'kubernetes', minimum: { major: 1, minor: 35 }, actual: undefined },
  { why: 'pod-security', level: 'restricted', from: 'label' },
  { why: 'pod-security', level: 'baseline', from: 'cluster' },
  { why: 'pod-security', level: 'restricted', from: 'assumed' },
  { why: 'pod-security', level: 'baseline', from: 'label', directory: '/var/run/agent' },
  { why: 'os', os: ['linux', 'windows'] },
  { why: 'parameter', parameter: 'agent-image' },
  { why: 'image', image: 'UPPER:1' },
  { why: 'claim', claim: 'my-agent-file', problem: { kind: 'deleting' } },
  { why: 'quota', quota: 'storage', resource: 'requests.storage' },
  { why: 'claim-size', limitRange: 'sizes', size: '1Gi' },
  { why: 'ephemeral-storage', limit: '300Mi' },
];

const source: Source = { from: 'namespace', key: 'agent-injector.io/libc' };

const variants: readonly Reason[] = [
  { ...examples['namespace-not-enabled'], label: undefined, suggestion: undefined },
  { ...examples['other-revision'], label: undefined, revision: 'canary' },
  { ...examples['other-revision'], revision: 'stable' },
  { ...examples['unknown-profile'], suggestion: undefined },
  { ...examples['invalid-value'], source: { from: 'profile' } },
  { ...examples['no-target-container'], profile: 'team-java' },
  {
    ...examples['no-target-container'],
    unmatched: { pattern: 'wbe', source: { from: 'pod', key: 'agent-injector.io/containers' }, suggestion: 'web' },
  },
  { ...examples['libc-unsupported'], source },
  { ...examples['unproven-variable'], why: 'order' },
  { ...examples['foreign-profiler'], vendor: undefined },
  ...claimProblems.map((problem): Reason => ({ code: 'claim-unusable', claim: 'my-agent-file', problem })),
  ...requirements.map((requirement): Reason => ({ ...examples['delivery-not-possible'], requirement })),
];

const sources: readonly Source[] = [
  { from: 'container', key: 'domain-id.agent-injector.io/web' },
  { from: 'pod', key: 'agent-injector.io/domain-id' },
  { from: 'namespace', key: 'agent-injector.io/domain-id' },
  { from: 'cluster', key: 'domain-id' },
  { from: 'profile' },
];

it('each reason says what messages.txt has', async () => {
  const rows = Object.values(examples).map((reason) => {
    const { kind, meaning, hint } = reasonTable[reason.code];
    return `${reason.code} (${kind})\n  ${meaning}\n  ${hint}\n  > ${reasonMessage(reason)}\n`;
  });
  const others = variants.map((reason) => `${reason.code}: ${reasonMessage(reason)}`);
  const text = [...rows, ...others, '', ...sources.map(sourceText), ''].join('\n');
  await expect(text).toMatchFileSnapshot('messages.txt');
});

it('the delivery that was called baked is answered with its name of now', () => {
  const { known } = examples['unknown-delivery'];
  const message = reasonMessage({ ...examples['unknown-delivery'], name: 'baked' });
  expect(known).toContain('preinstalled');
  expect(message.indexOf('preinstalled')).toBeLessThan(message.indexOf('available'));
});

it('facts from a pod are quoted, shortened and cannot break a line', () => {
  const name = `x\n\u202e${'y'.repeat(500)}`;
  const message = reasonMessage({ ...examples['unknown-profile'], name, suggestion: name });
  expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(message.length).toBeLessThan(300);
});
