import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { matchOf } from '../../src/diagnostics/webhook-match.ts';

const manifests = readFileSync(join(import.meta.dirname, '../../deploy/install.yaml'), 'utf8');
const installed = parseAllDocuments(manifests)
  .map((document): JsonObject => document.toJS())
  .filter(({ kind }) => kind === 'MutatingWebhookConfiguration');

const on = (value: string | undefined, name = 'shop') => ({
  name,
  labels: { 'kubernetes.io/metadata.name': name, ...(value !== undefined && { 'agent-injector.io/injection': value }) },
});
const pod = (labels: Record<string, string> = {}, annotations: Record<string, string> = {}): Pod => ({
  metadata: { labels, annotations },
  spec: { containers: [{ name: 'web' }] },
});
const label = (value: string) => ({ 'agent-injector.io/injection': value });
const called = (...args: readonly [ReturnType<typeof on>, Pod]): readonly string[] =>
  matchOf(installed, ...args).flatMap((reach) => (reach.called === 'yes' ? [reach.entry.split('.')[0] ?? ''] : []));

describe('the entries of the installed configuration that are called', () => {
  it.each([
    ['a namespace without the label', on(undefined), pod(), []],
    ['an enabled namespace', on('enabled'), pod(), ['enabled']],
    ['a required namespace', on('required'), pod(), ['required-namespaces']],
    ['a required pod', on('enabled'), pod(label('required')), ['required-pods']],
    ['a disabled pod', on('enabled'), pod(label('disabled')), []],
    ['a system namespace', on('enabled', 'kube-system'), pod(), []],
    ['a pod that opts out', on('enabled'), pod({}, { 'agent-injector.io/inject': 'false' }), []],
    ['a disabled pod of a required namespace', on('required'), pod(label('disabled')), ['required-opt-outs']],
    [
      'a pod of a required namespace that opts out',
      on('required'),
      pod({}, { 'agent-injector.io/inject': 'false' }),
      ['required-opt-outs'],
    ],
    ['a mirror pod', on('enabled'), pod({}, { 'kubernetes.io/config.mirror': 'x' }), []],
    ['a pod that opts in', on('enabled'), pod({}, { 'agent-injector.io/inject': 'true' }), ['enabled']],
  ])('%s', (_, namespace, one, entries) => {
    expect(called(namespace, one)).toEqual(entries);
  });

  it('evaluates every condition that is installed', () => {
    expect(matchOf(installed, on('enabled'), pod()).map((reach) => reach.called)).not.toContain('unknown');
  });
});

it('names the part of the entry that does not match, and conditions that it cannot evaluate', () => {
  const entry = (more: object): JsonObject => ({
    metadata: { name: 'mine' },
    webhooks: [
      {
        name: 'x.agent-injector.io',
        rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
        clientConfig: { caBundle: 'eA==' },
        ...more,
      },
      { name: 'x.example.com' },
    ],
  });
  const whyOf = (more: object) => matchOf([entry(more)], on('enabled'), pod({ app: 'web' }))[0];
  expect(matchOf([entry({})], on('enabled'), pod())).toEqual([
    { configuration: 'mine', entry: 'x.agent-injector.io', called: 'yes', onFailure: 'Fail' },
  ]);
  expect(whyOf({ namespaceSelector: { matchLabels: { team: 'a' } } })).toMatchObject({
    called: 'no',
    why: expect.stringMatching(/namespaceSelector .*team=a.*shop/),
  });
  expect(whyOf({ objectSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } })).toMatchObject({
    called: 'no',
    why: expect.stringMatching(/objectSelector .*app.*"web"/),
  });
  expect(whyOf({ rules: [] })).toMatchObject({ called: 'no' });
  expect(whyOf({ matchConditions: [{ name: 'odd', expression: 'true' }] })).toMatchObject({
    called: 'unknown',
    why: expect.stringContaining('odd'),
  });
  expect(whyOf({ clientConfig: {} })).toMatchObject({ called: 'yes', why: expect.stringContaining('caBundle') });
  const calling = (service: object) => whyOf({ clientConfig: { caBundle: 'eA==', service } });
  for (const service of [{}, { path: '/' }, { path: '/mutate/' }])
    expect(calling(service)).toMatchObject({ called: 'yes', why: expect.stringContaining('path') });
  for (const path of ['/mutate', `/mutate/required/${'a'.repeat(32)}`])
    expect(calling({ path })?.why, path).toBeUndefined();
});
