import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './places.ts';
import type { CallFrame, Place } from './self-times.ts';

interface Mapped {
  readonly map: SourceMap;
  /** The lines of each source. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

/** Maps a function of a minified bundle to its source and original name. */
export function sourceLocator(): (frame: CallFrame) => Place {
  const maps = new Map<string, Mapped | undefined>();
  const mapOf = (path: string): Mapped | undefined => {
    if (!maps.has(path)) maps.set(path, readMap(path));
    return maps.get(path);
  };
  return ({ functionName, url, lineNumber, columnNumber }) => {
    const name = functionName === '' ? '(anonymous)' : functionName;
    if (!url.startsWith('file:')) return { name, file: url === '' ? '(engine)' : url, line: lineNumber + 1 };
    const path = fileURLToPath(url);
    const mapped = mapOf(path);
    const found = mapped?.map.findEntry(lineNumber, columnNumber);
    if (!found || !('originalSource' in found)) return { name, file: short(path), line: lineNumber + 1 };
    const { originalSource, originalLine } = found;
    const written = nameIn(mapped?.sources.get(originalSource)?.[originalLine] ?? '');
    return { name: written ?? name, file: short(originalSource), line: originalLine + 1 };
  };
}

/** The name of the function that the line defines, if it can be recognized. */
export function nameIn(line: string): string | undefined {
  const ways = [
    /function\*?\s+([\w$]+)/,
    /(?:const|let|var)\s+([\w$]+)\s*[:=]/,
    /^\s*(?:(?:async|static|get)\s+)*([\w$#.]+)\s*[(=:]/,
  ];
  for (const way of ways) {
    const name = way.exec(line)?.[1];
    if (name !== undefined && !/^(if|for|return|while|switch)$/.test(name)) return name;
  }
  return undefined;
}

function readMap(path: string): Mapped | undefined {
  const link = /\n\/\/# sourceMappingURL=(.*)\s*$/.exec(readFileSync(path, 'utf8'))?.[1];
  if (link === undefined) return undefined;
  const json = link.startsWith('data:')
    ? Buffer.from(link.slice(link.indexOf(',') + 1), 'base64').toString()
    : readFileSync(join(path, '..', link), 'utf8');
  const payload = JSON.parse(json) as SourceMapPayload;
  const texts = payload.sourcesContent;
  const sources = new Map(payload.sources.map((name, index) => [name, texts[index]?.split('\n') ?? []]));
  return { map: new SourceMap(payload), sources };
}

/** The path relative to the root of the project or of the package. */
function short(path: string): string {
  const tidy = path
    .replace(/^file:\/\//, '')
    .replace(`${root}/`, '')
    .replace(/^(\.\.\/)+/, '');
  return tidy.replace(/^.*node_modules\//, 'node_modules/');
}
