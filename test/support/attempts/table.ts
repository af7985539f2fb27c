import { code, table } from '../markdown.ts';
import { type Attempt, type Ending, modes } from './attempt.ts';
import { forbidden } from './forbidden.ts';
import { attemptsOnNamespaces } from './of-namespaces.ts';
import { attemptsOnPods } from './of-pods.ts';

export const attempts: readonly Attempt[] = [
  ...attemptsOnPods.map((row) => ({ ...row, who: 'pods' as const })),
  ...attemptsOnNamespaces.map((row) => ({ ...row, who: 'namespace' as const })),
];

function endingText(end: Ending): string {
  switch (end.kind) {
    case 'agent':
      if (end.unrecorded) return 'agent, no record';
      return end.ignored === undefined ? 'agent' : `ignored: ${code(end.ignored)}`;
    case 'chosen':
      return '**as set**';
    case 'silent':
      return '**no agent**';
    case 'none':
      return `**no agent**: ${code(end.code)}`;
    case 'refused':
      return `refused: ${code(end.code)}`;
  }
}

function attemptsTable(who: Attempt['who']): string {
  return table(
    ['tries to', '`enabled`', '`required`', '`required.strict`', 'hostile tenants', '`tenancy: open`'],
    attempts
      .filter((attempt) => attempt.who === who)
      .map(({ what, ends }) => [what, ...modes.map((mode) => endingText(ends[mode]))]),
  );
}

/** The generated tables of docs/security.md. */
export const attemptTables: Readonly<Record<string, () => string>> = {
  pods: () => attemptsTable('pods'),
  namespace: () => attemptsTable('namespace'),
  forbidden: () =>
    table(
      ['may not', 'create pods', 'also patch the Namespace'],
      forbidden.map(({ what, who }) => [
        what,
        ...(['pods', 'namespace'] as const).map((user) => (who.includes(user) ? 'forbidden' : 'allowed')),
      ]),
    ),
};
