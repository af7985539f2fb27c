import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ReasonKind } from '../../src/reasons/reason-kind.ts';
import { reasonTable } from '../../src/reasons/reason-table.ts';
import type { ReasonCode } from '../../src/reasons/reason.ts';
import { docsAddress, reasonMessage } from '../../src/reasons/message.ts';
import { CONDITION_TYPES, conditionTable } from '../../src/resources/condition-table.ts';
import { examples } from '../support/reason-examples.ts';

// docs/reasons.md is generated from the reason table and the messages of the server: `UPDATE_DOCS=1 npx vitest run test/docs/reasons`.
// Its headings are the codes, so each code is an anchor.

const root = join(import.meta.dirname, '../..');
const file = join(root, 'docs/reasons.md');

const kinds: Readonly<Record<ReasonKind, string>> = {
  choice:
    'No agent is asked for here. The pod is left unchanged, without a warning, a record or an Event; refused where the pod is `required`.',
  exemption:
    'The pod is exempt. It is left unchanged, without a warning, a record or an Event. A pod that opts out although it is `required` gets the notice `required-opt-out` and a record.',
  suspension:
    'Injection is stopped by an operator. Recorded on the pod, with a warning and an Event. A `required` pod starts without the agent, unless `strictRequired` is on: then it is refused. With `injection: dry-run`, nothing is recorded on the pod.',
  satisfied: 'The agent is already there. Recorded on the pod, without a warning or an Event.',
  unverified:
    'The agent seems to be there already. Recorded on the pod, without a warning or an Event; refused where the pod is `required`.',
  problem:
    'An agent is asked for and cannot be injected. Recorded on the pod, with a warning and an Event; refused where the pod is `required`.',
  failure:
    'agent-injector or the cluster failed. The pod is left unchanged, with a warning and an Event; refused where the pod is `required`.',
  notice: 'An addition to a decision that it does not change, as a warning and an Event.',
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
  const conditions = CONDITION_TYPES.map((condition) =>
    [
      `### Condition ${condition}\n`,
      ...Object.entries(conditionTable)
        .filter(([, { type }]) => type === condition)
        .map(
          ([reason, { status, meaning, hint }]) =>
            `#### ${reason}\n\n${condition}=${status}. ${meaning}\n\nWhat to do: ${hint}\n`,
        ),
    ].join('\n'),
  );
  return [
    '# Reasons\n',
    'Why a pod was not injected, and other notices about a pod. This page is generated from the code, and a test compares them. A code never',
    'changes its meaning. The same code is in the warning that kubectl shows, in the annotation `agent-injector.io/status` of the pod, in the',
    'audit log of the API server (annotation `reason` or `notices` of the webhook), in the Event on the workload, in the log line, and in the',
    'labels of `agent_injector_reviews_total` and `agent_injector_notices_total`.\n',
    `${codes.map((code) => `[${code}](#${code})`).join(' · ')}\n`,
    ...(Object.keys(kinds) as ReasonKind[]).map(chapter),
    '## Conditions of resources\n',
    'The reasons in the status of an AgentProfile, an AgentTarget and a ClusterAgentTarget ([resources.md](resources.md)). They are in CamelCase, as in',
    'all conditions of Kubernetes, and each belongs to one condition and one status.\n',
    ...conditions,
  ].join('\n');
}

it('docs/reasons.md matches the code', () => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, page());
  expect(readFileSync(file, 'utf8')).toBe(page());
});

it.each(Object.keys(reasonTable) as ReasonCode[])('%s has an anchor that a link finds', (code) => {
  const [path = '', anchor] = docsAddress(code).split('#');
  const headings = readFileSync(join(root, path), 'utf8').match(/^#+ .+$/gm) ?? [];
  expect(headings.filter((heading) => heading.replace(/^#+ /, '') === anchor)).toHaveLength(1);
});

it.each(Object.entries(examples))('the message of %s is short and on one line, without a full stop', (_, reason) => {
  const text = reasonMessage(reason);
  expect(text).toMatch(/^\S.*[^.\s]$/);
  expect(text.length).toBeLessThan(200);
});
