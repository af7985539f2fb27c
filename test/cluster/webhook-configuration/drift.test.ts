import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { findDrift } from '../../../src/cluster/webhook-configuration/drift.ts';
import { webhooksOf } from '../../../src/cluster/webhook-configuration/entries.ts';
import { isObject, type JsonObject } from '../../../src/lib/json.ts';

const service = { name: 'agent-injector', namespace: 'agent-injector', writesPaths: true };
const manifests = readFileSync(join(import.meta.dirname, '../../../deploy/install.yaml'), 'utf8');
const installed = parseAllDocuments(manifests)
  .map((document): JsonObject => document.toJS())
  .filter(({ kind }) => kind === 'MutatingWebhookConfiguration')
  .flatMap(webhooksOf);

const changed = (change: (entry: JsonObject) => JsonObject): readonly (readonly [unknown, unknown, unknown])[] =>
  findDrift(installed.map(change), service).map(({ entry, field, expected }) => [entry.split('.')[0], field, expected]);

it('there is none in the entries that are installed', () => {
  expect(changed((entry) => entry)).toEqual([]);
});

it('the path of each entry follows from the pods that it selects', () => {
  const withPath = (path: string) =>
    changed((entry) => {
      const { clientConfig } = entry;
      return {
        ...entry,
        clientConfig: {
          service: {
            ...(isObject(clientConfig) && isObject(clientConfig['service']) ? clientConfig['service'] : {}),
            path,
          },
        },
      };
    });
  const required = ['required-namespaces', 'required-opt-outs', 'required-pods'];
  for (const secret of ['', `/${'a'.repeat(32)}`]) {
    expect(withPath(`/mutate${secret}`)).toEqual(
      required.map((name) => [name, 'clientConfig', expect.stringContaining('call /mutate/required of')]),
    );
    expect(withPath(`/mutate/required${secret}`)).toEqual([
      ['enabled', 'clientConfig', expect.stringContaining('call /mutate of')],
    ]);
  }
  expect(withPath('/elsewhere').map(([name]) => name)).toEqual(['enabled', ...required]);
});

it('a missing path is drift only where the server does not write it', () => {
  expect(findDrift(installed, { ...service, writesPaths: false }).map(({ field }) => field)).toEqual(
    installed.map(() => 'clientConfig'),
  );
});

it('each entry selects the namespaces of its revision, or those without one', () => {
  const withRevision = (expression: JsonObject | undefined, revision?: string) =>
    findDrift(
      installed.map((entry) => {
        const { namespaceSelector } = entry;
        const before = isObject(namespaceSelector) ? namespaceSelector['matchExpressions'] : undefined;
        const others = (Array.isArray(before) ? before : []).filter(
          (one) => !isObject(one) || one['key'] !== 'agent-injector.io/revision',
        );
        return { ...entry, namespaceSelector: { matchExpressions: [...others, ...(expression ? [expression] : [])] } };
      }),
      { ...service, revision },
    ).map(({ field }) => field);
  const key = 'agent-injector.io/revision';
  const all = installed.map(() => 'namespaceSelector');
  expect(withRevision({ key, operator: 'DoesNotExist' })).toEqual([]);
  expect(withRevision({ key, operator: 'In', values: ['canary'] }, 'canary')).toEqual([]);
  expect(withRevision(undefined)).toEqual(all);
  expect(withRevision({ key, operator: 'In', values: ['canary'] })).toEqual(all);
  expect(withRevision({ key, operator: 'DoesNotExist' }, 'canary')).toEqual(all);
  expect(withRevision({ key, operator: 'In', values: ['canary', 'other'] }, 'canary')).toEqual(all);
});

it('only the entry for pods that opt out of a required namespace fails open', () => {
  const failing = (failurePolicy: string) => changed((entry) => ({ ...entry, failurePolicy }));
  expect(failing('Ignore')).toEqual([
    ['required-namespaces', 'failurePolicy', 'be Fail'],
    ['required-pods', 'failurePolicy', 'be Fail'],
  ]);
  expect(failing('Fail')).toEqual([
    ['enabled', 'failurePolicy', 'be Ignore'],
    ['required-opt-outs', 'failurePolicy', 'be Ignore'],
  ]);
});
