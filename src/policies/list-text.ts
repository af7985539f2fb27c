import { allOf, BLANK, type Cel, quoted } from './cel.ts';

export type ListKind = 'append' | 'prepend';

const toList = (text: Cel, separator: string): Cel =>
  separator === ' '
    ? `(" " + ${text}.findAll(${quoted(`[^${BLANK}]+`)}).join(" "))`
    : `(${quoted(separator)} + ${text})`;

/** The text with an addition, as `withAdded` in injection/env/merge.ts; `t` is the text before. */
export function withAdded(text: Cel, added: Cel, kind: ListKind, separator: string): Cel {
  const gap = quoted(separator);
  const option = 'a.split("=")[0]';
  const contains = allOf([
    `(l + ${gap}).contains(a + ${gap}) || (x.startsWith("-") && !x.startsWith("--") && ((l + ${gap}).contains(${option} + "=") || (a.contains("=") && (l + ${gap}).contains(${option} + ${gap}))))`,
  ]);
  const result = kind === 'append' ? `t + ${gap} + x` : `x + ${gap} + t`;
  return (
    `[${text}].map(t, [${added}].map(x, [${toList('t', separator)}].map(l, [${toList('x', separator)}].map(a, ` +
    `${contains} ? t : t == "" ? x : ${result})[0])[0])[0])[0]`
  );
}
