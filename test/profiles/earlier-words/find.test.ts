import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { applyChanges, wordOf } from '../../../src/profiles/earlier-words/change.ts';
import { earlierWords, problemsOfWords } from '../../../src/profiles/earlier-words/find.ts';
import { builtInDocuments } from '../../../src/profile-sources/builtin-documents.ts';
import type { Json } from '../../../src/lib/json.ts';

const folder = join(import.meta.dirname, '../../support/earlier-words');
const read = (name: string): Json => parse(readFileSync(join(folder, name), 'utf8')) as Json;

describe('earlier words', () => {
  const before = read('before.yaml');

  it('mean what the words of now say', () =>
    expect(applyChanges(before, earlierWords(before))).toEqual(read('after.yaml')));

  it('are errors that name the word of now, and the command that rewrites them', () => {
    const problems = problemsOfWords(before);
    expect(problems.length).toBeGreaterThan(25);
    for (const [index, change] of earlierWords(before).entries()) {
      const { message = '', path = [] } = problems[index] ?? {};
      const now = change.kind === 'member' ? change.member : change.kind === 'unplaced' ? '?' : change.to;
      expect(message).toContain(`"${wordOf(change)}`);
      expect(message).toContain(`"${now}`);
      expect(message).toContain('agent-injector convert');
      expect(path.join('.')).toMatch(change.kind === 'value' ? /delivery$/ : new RegExp(`${wordOf(change)}$`));
    }
  });

  it('are in no built-in profile', () => {
    const found = builtInDocuments.profiles.flatMap((document) => earlierWords(document));
    expect(found).toEqual([]);
  });
});

it.each([
  ['a text', 'x'],
  ['a list', []],
  ['a spec of another form', { apiVersion: 'agent-injector.io/v1alpha1', kind: 'AgentProfile', spec: [] }],
  [
    'parts of other forms',
    {
      apiVersion: 'agent-injector.io/v1alpha1',
      kind: 'AgentProfile',
      spec: {
        conflicts: {},
        deliveries: ['x', null],
        containers: [],
        tests: [{ pod: 1 }],
        environment: [{ when: 'x' }],
      },
    },
  ],
  [
    'values that no word had',
    {
      apiVersion: 'agent-injector.io/v1alpha1',
      kind: 'AgentProfile',
      spec: {
        containers: { include: [{ in: 'toString' }, { in: 1 }] },
        environment: [{ when: { if: 'constructor' } }],
      },
    },
  ],
])('%s has none', (_, document) => expect(earlierWords(document)).toEqual([]));
