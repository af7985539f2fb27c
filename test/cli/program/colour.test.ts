import { describe, expect, it } from 'vitest';
import { forTerminal } from '../../../src/cli/program/colour.ts';
import { mayColour } from '../../../src/config/user-environment.ts';
import { startCounter } from '../../../src/cli/program/counter.ts';

const terminal = { isTTY: true };
const text = 'cluster\n  ✓ fine\n  ✗ wrong\n  ! note\n  + A=1\n  ~ B: 1 → 2\n--- a.yaml\nplain -x\n';
// oxlint-disable-next-line no-control-regex -- what a terminal acts on
const without = (coloured: string): string => coloured.replaceAll(/\u001b\[\d+m/g, '');

describe('colour', () => {
  it('is for a terminal only, and changes no text', () => {
    const coloured = forTerminal(text, 'lines', terminal, () => true);
    expect(coloured).toContain('\u001b[31m  ✗\u001b[0m wrong');
    expect(coloured).toContain('\u001b[32m  + A=1\u001b[0m');
    expect(coloured).toContain('\nplain -x\n');
    expect(coloured).toContain('\n--- a.yaml\n');
    expect(without(coloured)).toBe(text);
    expect(forTerminal(text, 'lines', {}, () => true)).toBe(text);
  });

  it('of a diff is that of lines that change, not of an item in a list', () => {
    const diff = [' containers:', '   - name: web', '-  - name: old', '+  - name: new', '--- a.yaml'].join('\n');
    const lines = forTerminal(diff, 'diff', terminal, () => true).split('\n');
    // The colour of each line: `[31` is red.
    const colours = lines.map((line) => (line.startsWith('\u001b') ? line.slice(1, 4) : ''));
    expect(colours).toEqual(['', '', '[31', '[32', '']);
  });

  it.each([
    ['data', 'json'],
    ['a document', 'document'],
  ] as const)('is not for %s', (_, kind) => {
    expect(forTerminal(text, kind, terminal, () => true)).toBe(text);
  });

  it('is not for a terminal that wants none', () => {
    expect(forTerminal(text, 'lines', terminal, () => false)).toBe(text);
    expect(mayColour({})).toBe(true);
    expect(mayColour({ NO_COLOR: '1' })).toBe(false);
    expect(mayColour({ TERM: 'dumb' })).toBe(false);
  });
});

describe('the status annotation', () => {
  const status = `+    agent-injector.io/status: '{"decision":"injected",${'"x":1,'.repeat(60)}}'`;
  const other = `+    value: ${'y'.repeat(300)}`;
  const command = `$ kubectl annotate pod web agent-injector.io/status- ${'z'.repeat(300)}`;

  it('takes one line of a terminal; nothing else is cut', () => {
    const shown = forTerminal([status, other, command].join('\n'), 'lines', { isTTY: true, columns: 80 }, () => false);
    const [first = '', ...rest] = shown.split('\n');
    expect(first).toHaveLength(80);
    expect(first).toMatch(/^\+ {4}agent-injector\.io\/status: .*…$/);
    expect(rest).toEqual([other, command]);
  });

  it.each([[{ isTTY: false, columns: 80 }], [{ isTTY: true, columns: 0 }], [{ isTTY: true }]])(
    'is whole on %j',
    (sink) => {
      expect(forTerminal(status, 'lines', sink, () => false)).toBe(status);
    },
  );
});

describe('a counter', () => {
  const written: string[] = [];
  const sink = (isTTY: boolean) => ({ isTTY, write: (part: string) => written.push(part) });

  it('is for a terminal only, not for each step, and leaves nothing behind', () => {
    let now = 0;
    const counter = startCounter('pods', sink(true), () => now);
    counter.add(10);
    expect(written).toEqual([]);
    now = 1000;
    counter.add(5);
    counter.end();
    expect(written).toEqual(['\r\u001b[K15 pods', '\r\u001b[K']);
    const silent = startCounter('pods', sink(false), () => now * 2);
    silent.add(10);
    silent.end();
    expect(written).toHaveLength(2);
  });
});
