import type { ParsedNode } from 'yaml';
import type { BlockStyle, FlowStyle } from './print.ts';
import { childrenOf } from './source-node.ts';

/** The author's indentation, taken from the innermost of the collections that shows one; by default two spaces. */
export function blockStyle(scope: readonly ParsedNode[]): BlockStyle {
  const map = nearestStep(scope, false);
  const list = nearestStep(scope, true);
  return { map: map ?? (list || 2), list: list ?? 2 };
}

function nearestStep(scope: readonly ParsedNode[], list: boolean): number | undefined {
  for (const node of scope) for (const step of stepsIn(node)) if (step.list === list) return step.by;
  return undefined;
}

function* stepsIn(node: ParsedNode | null): Generator<{ readonly list: boolean; readonly by: number }> {
  const outer = node?.srcToken;
  for (const { node: part } of childrenOf(node)) {
    const inner = part?.srcToken;
    if (outer?.type === 'block-map' && (inner?.type === 'block-map' || inner?.type === 'block-seq')) {
      yield { list: inner.type === 'block-seq', by: inner.indent - outer.indent };
    }
    yield* stepsIn(part);
  }
}

export function jsonStyle(text: string): FlowStyle | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  // The first line break shows the indentation of one level; without one, the JSON is on one line.
  const step = /^[[{]\s*?\n([ \t]+)/.exec(text)?.[1];
  const spaced = step !== undefined || /":\s/.test(text);
  return { json: true, step, comma: spaced ? ', ' : ',', colon: spaced ? ': ' : ':', padding: '' };
}

export function bracketStyle(text: string): FlowStyle {
  return { json: false, step: undefined, comma: ', ', colon: ': ', padding: isPadded(text) ? ' ' : '' };
}

/** In `[ {a: 1} ]` the braces decide, not the brackets. */
function isPadded(text: string): boolean {
  return /\{ *\S/.test(text) ? /\{ +[^\s}]/.test(text) : /\[ +\S/.test(text);
}
