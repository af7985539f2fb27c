import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lintOverrides, purePackages, rooms } from '../../tools/rooms.js';
import { table } from '../support/markdown.ts';

// tools/rooms.js is the one list of rooms: the linter's rules and ARCHITECTURE.md follow from it, and src/ is held to it here, with type imports.

const root = join(import.meta.dirname, '../..');
const src = join(root, 'src');
const order = rooms.map(({ name }) => name);

interface Source {
  readonly path: string;
  readonly room: string;
  readonly lines: number;
  readonly imports: readonly string[];
  readonly packages: readonly string[];
}

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const found = [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+\.ts)'/g)];
    const packages = [...text.matchAll(/^(?:.*\bfrom|import) '([^.'][^']*)';$/gm)].map(([, name = '']) => name);
    const imports = found.map(([, to = '']) => relative(src, resolve(src, dirname(path), to)));
    return {
      path,
      room: path.includes('/') ? (path.split('/')[0] ?? '') : '',
      lines: text.split('\n').length - 1,
      imports,
      packages,
    };
  });

/** The files of every import circle, type imports included (Tarjan's strongly connected components of more than one file). */
function circles(): readonly (readonly string[])[] {
  const importsOf = new Map(sources.map(({ path, imports }) => [path, imports]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.size - 1);
    stack.push(path);
    for (const next of importsOf.get(path) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(path, Math.min(low.get(path) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(path) !== index.get(path)) return;
    const circle = stack.splice(stack.indexOf(path));
    if (circle.length > 1) found.push(circle);
  };
  for (const { path } of sources) if (!index.has(path)) visit(path);
  return found;
}

describe('the rooms of src/', () => {
  it('are the folders of src/, and the built-in agents', () => {
    const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).toSorted()).toEqual([...order, 'agents'].toSorted());
  });

  it('import only rooms above them', () => {
    const upward = sources.flatMap(({ path, room, imports }) =>
      imports
        .filter((to) => room !== '' && order.indexOf(to.split('/')[0] ?? '') > order.indexOf(room))
        .map((to) => `${path} -> ${to}`),
    );
    expect(upward).toEqual([]);
    expect(
      sources.flatMap(({ path, imports }) =>
        imports.filter((to) => !existsSync(join(src, to))).map((to) => [path, to]),
      ),
    ).toEqual([]);
  });

  it('import no package that could do I/O if they are pure, and no path inside of a package', () => {
    const pure = new Set(rooms.filter((room) => room.pure).map(({ name }) => name));
    const imported = sources.filter(({ room }) => pure.has(room)).flatMap(({ packages }) => packages);
    expect([...new Set(imported)].toSorted()).toEqual(purePackages.toSorted());
  });

  it('have no import circle', () => expect(circles()).toEqual([]));

  it('stay small: rooms, their top folders and files', () => {
    const total = sources.reduce((sum, { lines }) => sum + lines, 0);
    for (const name of order) {
      const own = sources.filter(({ room }) => room === name);
      const lines = own.reduce((sum, one) => sum + one.lines, 0);
      // The command line is many commands, each in a folder of its own.
      const share = name === 'cli' ? 0.2 : 0.15;
      expect(lines / total, `${name} has ${lines} of ${total} lines`).toBeLessThanOrEqual(share);
      const top = own.filter(({ path }) => path.split('/').length === 2);
      expect(top.length, `files at the top of ${name}`).toBeLessThanOrEqual(17);
    }
    const sizes = sources.map(({ lines }) => lines).toSorted((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)], 'median file').toBeLessThanOrEqual(90);
    expect(sources.filter(({ lines }) => lines > 250).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });
});

describe('the list of rooms', () => {
  it('is what the linter holds', () => {
    const file = join(root, '.oxlintrc.rooms.json');
    const current = { overrides: lintOverrides() };
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, `${JSON.stringify(current, undefined, 2)}\n`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(current);
  });

  it('is the table of ARCHITECTURE.md', () => {
    const file = join(root, 'ARCHITECTURE.md');
    const text = table(
      ['room', 'what it holds'],
      rooms.map(({ name, pure, holds }) => [`\`${name}/\`${pure ? ' (pure)' : ''}`, holds]),
    );
    const section = /(<!-- table: rooms -->\n)[\s\S]*?\n<!-- end -->/;
    const written = readFileSync(file, 'utf8');
    expect(written).toMatch(section);
    const current = written.replace(section, (_, start: string) => `${start}${text}\n<!-- end -->`);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, current);
    expect(readFileSync(file, 'utf8')).toBe(current);
  });
});

describe('test/', () => {
  it('has the test of a source at the path of that source', () => {
    const stray = order.flatMap((room) => {
      const folder = join(root, 'test', room);
      if (!existsSync(folder)) return [];
      const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
      return tests
        .map((path) => join(room, path))
        .filter((path) => !existsSync(join(src, path.replace(/\.test\.ts$/, '.ts'))));
    });
    expect(stray).toEqual([]);
  });
});
