import { readdir, readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { executable } from './built.ts';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

/**
 * The modules that a process of the bundle has evaluated: packages by name, our own sources by path. `dir` is the NODE_V8_COVERAGE of that
 * process, which has ended.
 */
export async function evaluatedIn(dir: string): Promise<ReadonlySet<string>> {
  const [file = ''] = await readdir(dir);
  const { result } = JSON.parse(await readFile(join(dir, file), 'utf8')) as Coverage;
  const script = result.find(({ url }) => url === pathToFileURL(executable).href);
  if (!script) throw new Error(`nothing in ${dir} is about the bundle`);
  const positionOf = positions(await readFile(executable, 'utf8'));
  const map = new SourceMap(JSON.parse(await readFile(`${executable}.map`, 'utf8')) as SourceMapPayload);
  const sources = new Set<string>();
  for (const { ranges } of script.functions) {
    const [whole] = ranges;
    if (!whole || whole.count === 0) continue;
    const start = positionOf(whole.startOffset);
    const end = positionOf(whole.endOffset - 1);
    // The last mapped position in the function: its beginning can be code of the bundler, which the map attributes to the previous source.
    const entry = map.findEntry(end.line, end.column);
    const isInside =
      'originalSource' in entry &&
      (entry.generatedLine > start.line ||
        (entry.generatedLine === start.line && entry.generatedColumn >= start.column));
    if (isInside) sources.add(short(entry.originalSource));
  }
  return sources;
}

/** `node_modules/zod/v4/core/util.js` → `zod`, `../src/main.ts` → `src/main.ts`. */
function short(source: string): string {
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1];
  return name ?? source.replace(/^(\.\.\/)+/, '');
}

function positions(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const line = starts.findLastIndex((start) => start <= offset);
    return { line, column: offset - (starts[line] ?? 0) };
  };
}
