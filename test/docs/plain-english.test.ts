import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

// Phrases that a native reader stumbles over, or that address a program as a person. None may stand in text that users read: documentation, the
// chart, built-in profiles, and the text literals of the sources (comments are left out).

const root = join(import.meta.dirname, '../..');

const phrases: readonly RegExp[] = [
  /(?<!\bthere )\b(?:is|are|was|be) no (?!longer\b|more than\b|less than\b|later than\b|larger than\b|worse\b|better\b|different\b)/i,
  /\bnobody\b/i,
  /\bwhoever\b/i,
  /\bwhomever\b/i,
  /\bsomebody\b/i,
  /\b(?:gone|goes|go|going) by\b/i,
  /\bmend(?:s|ed|ing)?\b/i,
  /\b(?:he|him|his|she|her)\b/i,
  /\banew\b/i,
  /\bbesides? (?:the|its|our|it|them|what|that)\b/i,
  /\bat odds\b/i,
  /\bof one's own\b/i,
  /\b(?:makes?|made) no sense\b/i,
  /\b(?:has|have|had) no use for\b/i,
  /\bknows? nothing of\b/i,
  /\b(?:is|are|was|were) told\b/i,
  /\bpermission that lacks\b/i,
  /\bpassed over\b/i,
  /\bas far as (?!possible\b)/i,
];

const filesIn = (folder: string, ending: RegExp): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !path.includes('node_modules'))
    .map((path) => join(folder, path));

/** A TypeScript source without its comments. */
const withoutComments = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|[\s;{(,])\/\/.*$/gm, '$1');

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'certs/README.md',
  'Dockerfile',
  ...filesIn('docs', /\.md$/),
  ...filesIn('deploy', /\.(?:ya?ml|txt|tpl|json|md)$/),
  ...filesIn('src/agents', /\.yaml$/),
];
const sources = filesIn('src', /\.ts$/);

describe('text that users read', () => {
  it.each([...documents, ...sources])('%s', (path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const readable = path.endsWith('.ts')
      ? withoutComments(text)
      : path.endsWith('.md')
        ? text.replaceAll(/`[^`\n]*`/g, '``')
        : text;
    const lines = readable.split('\n');
    const found = lines.flatMap((line, index) =>
      phrases.flatMap((phrase) => {
        const match = phrase.exec(line);
        return match ? [`${path}:${index + 1}: "${match[0]}" in ${line.trim().slice(0, 120)}`] : [];
      }),
    );
    expect(found).toEqual([]);
  });
});
