import { describe, expect, it } from 'vitest';
import {
  isPrintableInYaml,
  printableJson,
  printableLine,
  printableText,
  printableYaml,
} from '../../src/lib/printable.ts';
import { parse } from 'yaml';

describe('printableLine', () => {
  it.each([
    ['text', 'web-1 größe 日本 ✓ a: b:: c # d #[e] ## f', 'web-1 größe 日本 ✓ a: b:: c # d #[e] ## f'],
    ['a tab, and the end of a CRLF line', 'a\tb\r', 'a\tb\r'],
    ['a line break', 'a\nb\rc', String.raw`a\nb\rc`],
    ['an escape sequence', '\u001B[2J\u009Bm\u007F', String.raw`\u001b[2J\u009bm\u007f`],
    ['a bidirectional override', 'a\u202Eb', String.raw`a\u202eb`],
    ['beyond the basic plane', '\u{E0041}', String.raw`\udb40\udc41`],
    ['half of a surrogate pair', 'a\uD800', String.raw`a\ud800`],
    ['a command of GitHub Actions', '  ::add-path::x', String.raw`  \u003a:add-path::x`],
    ['one after another space', '\u00A0::x', '\u00A0\\u003a:x'],
    ['commands within a line', 'a ##[b]c##vso[d]', String.raw`a \u0023#[b]c\u0023#vso[d]`],
  ])('%s', (_, line, expected) => expect(printableLine(line)).toBe(expected));
});

it('printableText keeps its own line breaks, and looks at each line', () => {
  expect(printableText('a\n::b\n')).toBe(String.raw`a` + '\n' + String.raw`\u003a:b` + '\n');
});

const values = ['\u202E\u{E0041}\u009B##[x]', '\n::a\n\t::b', `${'word '.repeat(30)}::x ${'word '.repeat(30)}`];

it('printableJson and printableYaml change no value', () => {
  for (const value of values) {
    const json = printableJson(JSON.stringify({ [value]: [value] }, null, '\t'));
    expect(JSON.parse(json)).toEqual({ [value]: [value] });
    expect(printableText(json)).toBe(json);
    expect(isPrintableInYaml(value)).toBe(false);
    const yaml = printableYaml(JSON.stringify(value));
    expect(parse(yaml)).toBe(value);
    expect(printableText(yaml)).toBe(yaml);
  }
});
