import { checkGroups, countOf, type GroupedCheck } from '../../diagnostics/checks/check.ts';
import { indent } from '../format.ts';

const MARKS: { readonly [result in GroupedCheck['result']]: string } = {
  ok: '✓',
  note: '!',
  problem: '✗',
  unknown: '!',
};

/** Checks of a family are one line while they hold: people read what does not. */
const FAMILIES: readonly (readonly [start: string, plural: string])[] = [
  ['delivery ', 'deliveries'],
  ['permission to ', 'permissions'],
];

export interface CheckSummary {
  readonly ready: boolean;
  readonly problems: number;
  readonly notes: number;
  readonly unknown: number;
}

export function checkSummary(checks: readonly GroupedCheck[]): CheckSummary {
  const problems = countOf(checks, 'problem');
  const unknown = countOf(checks, 'unknown');
  return { ready: problems === 0 && unknown === 0, problems, notes: countOf(checks, 'note'), unknown };
}

export function checkLines(checks: readonly GroupedCheck[]): readonly string[] {
  const groups = Object.entries(checkGroups).flatMap(([group, title]) => {
    const own = checks.filter((one) => one.group === group);
    return own.length === 0 ? [] : [title, ...groupLines(own).map(indent), ''];
  });
  const { ready, problems, notes, unknown } = checkSummary(checks);
  const status = ready ? 'ready' : problems === 0 && unknown > 0 ? 'unknown' : 'not ready';
  const found = [count(problems, 'problem'), count(notes, 'note')].filter((text) => text !== '').join(', ');
  return [...groups, `Status: ${status}${found === '' ? '' : ` (${found})`}`];
}

function groupLines(checks: readonly GroupedCheck[]): readonly string[] {
  const shown = new Set<string>();
  return checks.flatMap((one) => {
    const family = FAMILIES.find(([start]) => one.name.startsWith(start));
    if (!family || one.result !== 'ok') return checkLine(one);
    const [start, plural] = family;
    if (shown.has(start)) return [];
    shown.add(start);
    const all = checks.filter(({ name }) => name.startsWith(start));
    const held = countOf(all, 'ok');
    const number = held === all.length ? `all ${all.length}` : `${held} of ${all.length}`;
    return [`${MARKS.ok} ${plural}: ${number} available to you`];
  });
}

function checkLine({ name, result, message, hint, docs }: GroupedCheck): readonly string[] {
  return [
    `${MARKS[result]} ${name}: ${message}`,
    ...(hint === undefined ? [] : [indent(indent(hint))]),
    ...(docs === undefined || result !== 'problem' ? [] : [indent(indent(`see ${docs}`))]),
  ];
}

function count(number: number, noun: string): string {
  if (number === 0) return '';
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
