import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type ReasonKind, reasonTable } from '../../src/reasons/table.ts';
import type { ReasonCode } from '../../src/reasons/reason.ts';
import { docsAddress, reasonMessage } from '../../src/reasons/message.ts';
import { examples } from '../support/reason-examples.ts';

// docs/reasons.md is made of the table of reasons and of the sentences as the server writes them. `UPDATE_DOCS=1 npx vitest run test/docs`
// writes it. Its headings are the codes, so a code is an anchor.

const root = join(import.meta.dirname, '../..');
const file = join(root, 'docs/reasons.md');

const kinds: Readonly<Record<ReasonKind, string>> = {
  choice: 'Nobody asked for an agent here. The pod is left as it is, in silence: no warning, no record, no Event.',
  satisfied: 'The agent is there already. Recorded on the pod; no warning, no Event.',
  problem:
    'An agent was asked for and cannot be given. Recorded on the pod, warned of, an Event; refused where the pod is `required`.',
  failure:
    "It is our fault or the cluster's. The pod is left as it is; warned of, an Event; refused where the pod is `required`.",
  notice: 'Told beside a decision that it does not change: warned of, an Event.',
};

function page(): string {
  const codes = Object.keys(reasonTable) as ReasonCode[];
  const entry = (code: ReasonCode): string => {
    const { meaning, hint } = reasonTable[code];
    return `### ${code}\n\n${meaning}\n\n> ${reasonMessage(examples[code])}\n\nWhat to do: ${hint}\n`;
  };
  const chapter = (kind: ReasonKind): string =>
    [
      `## Kind: ${kind}\n\n${kinds[kind]}\n`,
      ...codes.filter((code) => reasonTable[code].kind === kind).map(entry),
    ].join('\n');
  return [
    '# Reasons\n',
    'Why a pod was not injected, or what else there is to know. This page is made from the code; a test fails when they differ. A code never',
    'changes its meaning. The same one stands in the warning that kubectl shows, in the annotation `agent-injector.io/status` of the pod, in',
    'the audit log of the API server (annotation `reason` or `notices` of our webhook), in the Event on the workload, in the log line, and in',
    'the labels of `agent_injector_reviews_total` and `agent_injector_notices_total`.\n',
    `${codes.map((code) => `[${code}](#${code})`).join(' · ')}\n`,
    ...(Object.keys(kinds) as ReasonKind[]).map(chapter),
  ].join('\n');
}

it('docs/reasons.md says what the code says', () => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, page());
  expect(readFileSync(file, 'utf8')).toBe(page());
});

it.each(Object.keys(reasonTable) as ReasonCode[])('%s has an anchor that a link finds', (code) => {
  const [path = '', anchor] = docsAddress(code).split('#');
  const headings = readFileSync(join(root, path), 'utf8').match(/^#+ .+$/gm) ?? [];
  expect(headings.filter((heading) => heading.replace(/^#+ /, '') === anchor)).toHaveLength(1);
});

it.each(Object.entries(examples))('the sentence of %s is short, on one line and needs no other', (_, reason) => {
  const text = reasonMessage(reason);
  expect(text).toMatch(/^\S.*[^.\s]$/);
  expect(text.length).toBeLessThan(200);
});
