import type { Scalar } from 'yaml';
import type { SourceText, TextEdit } from '../edit/source-text.ts';
import type { Position } from '../yaml.ts';

/** Lines of a `|`, without their indentation in the file. */
interface Lines {
  readonly start: number;
  readonly text: string;
  readonly indent: string;
}

function linesOf({ text }: SourceText, node: Scalar.Parsed): Lines | undefined {
  const [start, end] = node.range;
  const { srcToken: token } = node;
  if (token?.type !== 'block-scalar' || text[start] !== '|') return undefined;
  const body = text.slice(end - token.source.length, end);
  return { start: end - body.length, text: body, indent: /^ +(?=\S)/m.exec(body)?.[0] ?? '' };
}

/** Writes another text into a string: line by line after a `|`, otherwise in quotes. No edit for a string that is folded. */
export function embeddedEdits(source: SourceText, node: Scalar.Parsed, text: string): readonly TextEdit[] {
  const [start, end] = node.range;
  const lines = linesOf(source, node);
  if (lines) {
    const written = text
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : lines.indent + line));
    const rest = /\s*$/.exec(lines.text)?.[0] ?? '';
    return [source.replace(lines.start, end, written.join('\n') + rest)];
  }
  return node.srcToken?.type === 'block-scalar' ? [] : [source.replace(start, end, JSON.stringify(text))];
}

/** Where in the file a place of the text is; the string itself, if its lines are not lines of the file. */
export function placeInside(
  source: SourceText,
  node: Scalar.Parsed,
  position: (offset: number) => Position,
  { line, column }: Position,
): Position {
  const lines = linesOf(source, node);
  if (!lines) return position(node.range[0]);
  return { line: position(lines.start).line + line - 1, column: column + lines.indent.length };
}
