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
 * The sources of which a process of the bundle has run a function, the one that evaluates a module included: packages by their names, our own
 * by their paths. `dir` is what NODE_V8_COVERAGE named for that process, which has ended.
 */
export async function evaluatedIn(dir: string): Promise<ReadonlySet<string>> {
  const [file = ''] = await readdir(dir);
  const { result } = JSON.parse(await readFile(join(dir, file), 'utf8')) as Coverage;
  const script = result.find(({ url }) => url === pathToFileURL(executable).href);
  if (!script) throw new Error(`nothing in ${dir} is about the bundle`);
  const whereIs = positions(await readFile(executable, 'utf8'));
  const map = new SourceMap(JSON.parse(await readFile(`${executable}.map`, 'utf8')) as SourceMapPayload);
  const sources = new Set<string>();
  for (const { ranges } of script.functions) {
    const [whole] = ranges;
    if (!whole || whole.count === 0) continue;
    const start = whereIs(whole.startOffset);
    const end = whereIs(whole.endOffset - 1);
    // The last place in the function that stands in a source: its beginning may be of the bundler, which a map leaves to whatever is before.
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
