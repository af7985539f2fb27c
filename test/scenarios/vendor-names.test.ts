import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../support/fixtures.ts';

// Agents are data: shared code must not contain their names, which are taken from the profiles and tables.

const root = join(import.meta.dirname, '../..');

/** Common words in the names of vendors and profiles: kinds of software, runtimes, prepositions. */
const COMMON = new Set(
  [
    'agent apm sample based profiler engine instrumentation insight inside microsoft apache visual studio clr net netframework framework',
    'java node nodejs dotnet python php ruby new operator attach the and beside application insights cloud one library injection startup hook',
  ].flatMap((line) => line.split(' ')),
);

function wordsOf(name: string): readonly string[] {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 3 && !COMMON.has(word));
}

const names = new Set([
  ...[...catalogue.profiles.values()].flatMap(({ name, vendor }) => [...wordsOf(name), ...wordsOf(vendor)]),
  ...catalogue.foreignAgents.flatMap(({ vendor }) => wordsOf(vendor)),
  ...[...catalogue.slots.values()].flatMap(({ vendors }) => [...vendors.values()].flatMap(wordsOf)),
]);

function codeFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return codeFiles(path);
    return /\.(ts|js)$/.test(entry.name) ? [path] : [];
  });
}

/** The words of a text, whole and split at capitals, "_" and "-", alone and in pairs (`isDatadog`, `SkyWalking`, `NEW_RELIC`). */
function tokensOf(text: string): ReadonlySet<string> {
  // A type of volume of Kubernetes.
  const tokens = text
    .replaceAll('awsElasticBlockStore', '')
    .split(/[^A-Za-z0-9_-]+/)
    .flatMap((word) => {
      const parts = word.split(/[_-]|(?<=[a-z0-9])(?=[A-Z])/);
      const pairs = parts.map((part, index) => `${part}${parts[index + 1] ?? ''}`);
      return [word, ...parts, ...pairs];
    });
  return new Set(tokens.map((token) => token.toLowerCase()));
}

function namesIn(text: string): readonly string[] {
  const tokens = tokensOf(text);
  return [...names].filter((name) => tokens.has(name));
}

describe('shared code', () => {
  it('names no agent and no vendor', () => {
    // src/migration is about other products: it has a row for each of their keys.
    const shared = codeFiles(join(root, 'src')).filter((path) => !relative(root, path).startsWith('src/migration/'));
    const found = shared.flatMap((path) =>
      namesIn(readFileSync(path, 'utf8')).map((name) => ({ file: relative(root, path), name })),
    );
    expect(found).toEqual([]);
  });

  it.each(['const isDatadog = true;', '// as in JENNIFER', "name === 'NEW_RELIC_APP_NAME'", 'case "skywalking-java":'])(
    'would be caught at: %s',
    (text) => {
      expect(namesIn(text)).not.toEqual([]);
    },
  );
});
