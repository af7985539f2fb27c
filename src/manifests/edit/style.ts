import type { ParsedNode } from 'yaml';
import type { BlockStyle, FlowStyle } from './print.ts';
import { partsOf } from './source-node.ts';

/**
 * How far this author indents blocks, as seen nearest to a place: in the collection that is written into, else in the one around it, and so
 * on outwards. Two blanks where nothing is seen.
 */
export function blockStyle(inwardOut: readonly ParsedNode[]): BlockStyle {
  const map = nearestStep(inwardOut, false);
  const list = nearestStep(inwardOut, true);
  return { map: map ?? (list || 2), list: list ?? 2 };
}

function nearestStep(inwardOut: readonly ParsedNode[], list: boolean): number | undefined {
  for (const node of inwardOut) {
    for (const step of stepsIn(node)) if (step.list === list) return step.by;
  }
  return undefined;
}

function* stepsIn(node: ParsedNode | null): Generator<{ readonly list: boolean; readonly by: number }> {
  const outer = node?.srcToken;
  for (const { node: part } of partsOf(node)) {
    const inner = part?.srcToken;
    if (outer?.type === 'block-map' && (inner?.type === 'block-map' || inner?.type === 'block-seq')) {
      yield { list: inner.type === 'block-seq', by: inner.indent - outer.indent };
    }
    yield* stepsIn(part);
  }
}

/** How a document that is JSON from end to end is written; undefined for any other. */
export function jsonStyle(text: string): FlowStyle | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  // The first line break inside says how far one level is indented; JSON without one stands on a line.
  const step = /^[[{]\s*?\n([ \t]+)/.exec(text)?.[1];
  const spaced = step !== undefined || /":\s/.test(text);
  return { json: true, step, comma: spaced ? ', ' : ',', colon: spaced ? ': ' : ':', padding: '' };
}

/** How a collection in brackets, somewhere in YAML, is written. */
export function bracketStyle(text: string): FlowStyle {
  return { json: false, step: undefined, comma: ', ', colon: ': ', padding: isPadded(text) ? ' ' : '' };
}

/** Some write `[ {a: 1} ]`: the braces say more than the brackets. */
function isPadded(text: string): boolean {
  return /\{ *\S/.test(text) ? /\{ +[^\s}]/.test(text) : /\[ +\S/.test(text);
}
