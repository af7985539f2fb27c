import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { builtInDocuments } from '../../src/profile-sources/builtin-documents.ts';
import { withDefaults } from '../../src/profiles/catalogue.ts';
import { ProfileDirectory } from '../../src/profile-sources/directory.ts';
import { catalogue } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { mountedDirectory, profileText } from '../support/mounted-directory.ts';

interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: object;
}

async function temporary(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-injector-profiles-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function open(dir: string, defaults: Record<string, string> = {}) {
  const lines: Line[] = [];
  const clock = new ManualClock();
  const directory = await ProfileDirectory.open({
    dir,
    builtIn: builtInDocuments.profiles,
    tables: withDefaults(catalogue, Object.entries(defaults)),
    clock,
    log: {
      warn: (fields, message) => lines.push({ level: 'warn', fields, message }),
      info: (fields, message) => lines.push({ level: 'info', fields, message }),
      error: (fields, message) => lines.push({ level: 'error', fields, message }),
    },
  });
  onTestFinished(() => directory.stop());
  return {
    directory,
    clock,
    lines,
    /** Two checks: a plain directory is loaded once two reads of it are equal. */
    update: async () => {
      await directory.check();
      await directory.check();
    },
    /** The vendors of the user's profiles. */
    own: () =>
      Object.fromEntries(
        [...directory.catalogue().profiles].flatMap(([name, { vendor: of }]) =>
          catalogue.profiles.get(name)?.vendor === of ? [] : [[name, of]],
        ),
      ),
    errors: () => lines.filter(({ level }) => level === 'error'),
  };
}

const vendor = (name: string, of: string) => profileText(name, { vendor: of });

it('says of a file that it is not a directory', async () => {
  const file = join(await temporary(), 'acme.yaml');
  await writeFile(file, profileText('acme', {}));
  await expect(open(file)).rejects.toThrow(`${file} is not a directory`);
});

describe('a directory of profiles', () => {
  it('is read with all its YAML files and all their documents, without hidden files and subdirectories', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), `# a comment\n---\n${vendor('a', 'A')}---\n${vendor('b', 'B')}---\n`);
    await writeFile(join(dir, 'c.yml'), vendor('c', 'C'));
    await writeFile(join(dir, 'd.json'), 'x');
    await writeFile(join(dir, '.hidden.yaml'), 'x');
    await writeFile(join(dir, '..also.yaml'), 'x');
    await mkdir(join(dir, 'directory.yaml'));
    const { directory, own } = await open(dir);
    expect(own()).toEqual({ a: 'A', b: 'B', c: 'C' });
    expect(directory.problems()).toEqual([]);
    expect(directory.status()).toEqual({
      profiles: { 'built-in': catalogue.profiles.size, user: 3, 'last-good': 0, broken: 0 },
      problems: 0,
      reloads: { sound: 0, broken: 0 },
    });
  });

  it('must exist', async () => {
    await expect(open('/nowhere')).rejects.toThrow(/ENOENT.*\/nowhere/);
  });

  it('is loaded again after a change, an error, its correction, and the removal of a file', async () => {
    const dir = await temporary();
    const file = join(dir, 'a.yaml');
    await writeFile(file, vendor('a', 'One'));
    await writeFile(join(dir, 'b.yaml'), vendor('b', 'One'));
    const { directory, own, errors, update } = await open(dir);
    await writeFile(file, vendor('a', 'Two'));
    await update();
    expect(own()).toEqual({ a: 'Two', b: 'One' });

    await writeFile(join(dir, 'b.yaml'), vendor('b', 'Two'));
    await writeFile(file, `${vendor('a', 'Three')}  surprise: 1\n`);
    await update();
    expect(own()).toEqual({ a: 'Two', b: 'Two' });
    expect(directory.status()).toMatchObject({ profiles: { user: 1, 'last-good': 1, broken: 0 }, problems: 1 });
    const [problem] = directory.problems();
    expect(problem).toContain('a.yaml:16:3: a: spec.surprise: ');
    const logged = errors();
    expect(logged).toEqual([
      { level: 'error', fields: { dir }, message: problem },
      { level: 'error', fields: { dir, profile: 'a' }, message: expect.any(String) },
    ]);

    await writeFile(file, vendor('a', 'Four'));
    await update();
    expect(own()).toEqual({ a: 'Four', b: 'Two' });
    expect(directory.problems()).toEqual([]);
    expect(directory.status().profiles).toMatchObject({ user: 2, 'last-good': 0, broken: 0 });

    await rm(file);
    await update();
    expect(own()).toEqual({ b: 'Two' });
    expect(directory.status().reloads).toEqual({ sound: 3, broken: 1 });
    expect(errors()).toEqual(logged);
  });

  it.each([
    ['invalid YAML', 'a: [', ':1:5: '],
    ['invalid UTF-8', Buffer.from([0xc3, 0x28]), ': '],
    ['more than a MiB', `#${'x'.repeat(1024 * 1024)}`, ': '],
    ['no profile', 'kind: ConfigMap\n', ':1:1: '],
    ['another object', 'apiVersion: v1\nkind: ConfigMap\n', ':2:7: '],
    ['no object', 'a text\n', ':1:1: '],
    ['half of the profile', vendor('a', 'Two').slice(0, 60), ':3:'],
  ])('keeps a profile whose file turns to %s', async (_, content, place) => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'One'));
    const { directory, own, update } = await open(dir);
    await writeFile(join(dir, 'a.yaml'), content);
    await update();
    expect(directory.problems()[0]).toContain(`a.yaml${place}`);
    expect(own()).toEqual({ a: 'One' });
    expect(directory.status().profiles['last-good']).toBe(1);
  });

  it('keeps one of several profiles in a file, and updates the others', async () => {
    const dir = await temporary();
    const file = join(dir, 'all.yaml');
    const text = (version: string, broken = '') =>
      `${vendor('a', version)}---\n${vendor('b', version)}${broken}---\n${vendor('c', version)}`;
    await writeFile(file, text('One'));
    const { directory, own, update } = await open(dir);
    await writeFile(file, text('Two', '  "unfinished: [\n'));
    await update();
    expect(own()).toMatchObject({ a: 'Two', b: 'One' });
    expect(directory.problems()[0]).toMatch(/all\.yaml:\d+:\d+: /);
  });

  it('does not keep a profile that has moved to another file', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'One'));
    const { directory, own, update } = await open(dir);
    await writeFile(join(dir, 'b.yaml'), vendor('a', 'Two'));
    await writeFile(join(dir, 'a.yaml'), '[');
    await update();
    expect(own()).toEqual({ a: 'Two' });
    expect(directory.problems()).toHaveLength(1);
    expect(directory.status().profiles).toMatchObject({ user: 1, 'last-good': 0 });
  });

  it('is opened without invalid profiles; a built-in profile of the same name does not replace them', async () => {
    const dir = await temporary();
    const [[name = '', builtIn] = []] = catalogue.profiles;
    await writeFile(join(dir, 'a.yaml'), profileText(name, { extends: name, vendor: 5 }));
    await writeFile(join(dir, 'b.yaml'), vendor('b', 'B'));
    const { directory, own, errors, update } = await open(dir);
    expect(directory.catalogue().profiles.has(name)).toBe(false);
    expect(own()).toEqual({ b: 'B' });
    expect(directory.status().profiles).toMatchObject({ user: 1, broken: 1 });
    expect(errors().map(({ fields }) => fields)).toContainEqual({ dir, profile: name });
    await rm(join(dir, 'a.yaml'));
    await update();
    expect(directory.catalogue().profiles.get(name)?.vendor).toBe(builtIn?.vendor);
  });

  it('logs that a profile replaces a built-in one', async () => {
    const dir = await temporary();
    const [name = ''] = catalogue.profiles.keys();
    await writeFile(join(dir, 'a.yaml'), vendor(name, 'Mine'));
    const { lines, own } = await open(dir);
    expect(own()).toEqual({ [name]: 'Mine' });
    expect(lines).toContainEqual({ level: 'info', message: expect.any(String), fields: { dir, profile: name } });
  });

  it('reports defaults that name a removed profile', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('mine', 'A'));
    const { directory, update } = await open(dir, { profile: 'mine' });
    expect(directory.problems()).toEqual([]);
    await rm(join(dir, 'a.yaml'));
    await update();
    expect(directory.problems()).toEqual([expect.stringContaining('defaults.profile: ')]);
  });

  it('keeps all profiles while it does not exist, and logs that once', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'A'));
    const { directory, own, lines, errors, update } = await open(dir);
    await rename(dir, `${dir}.away`);
    await update();
    expect(errors()).toHaveLength(1);
    expect(directory.problems()).toEqual([expect.stringContaining('ENOENT')]);
    await rename(`${dir}.away`, dir);
    await update();
    expect(lines.at(-1)).toMatchObject({ level: 'info', fields: { dir } });
    expect(own()).toEqual({ a: 'A' });
    expect(directory.problems()).toEqual([]);
    expect(errors()).toHaveLength(1);
  });

  it('has limits of files and bytes', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'A'));
    const { directory, own } = await open(dir);
    await Promise.all(Array.from({ length: 1000 }, (_, index) => writeFile(join(dir, `x${index}.yaml`), '# nothing')));
    await directory.check();
    expect(directory.problems()).toEqual([expect.stringContaining('1001 YAML files')]);
    await Promise.all(Array.from({ length: 1000 }, (_, index) => rm(join(dir, `x${index}.yaml`))));
    await directory.check();
    expect(directory.problems()).toEqual([]);
    await Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        writeFile(join(dir, `y${index}.yaml`), `#${'x'.repeat(1024 * 1024 - 1)}`),
      ),
    );
    await directory.check();
    expect(directory.problems()).toEqual([expect.stringContaining('8 MiB')]);
    expect(own()).toEqual({ a: 'A' });
  });

  it('has a limit of documents, beyond which profiles are kept, and a limit of problems', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'z.yaml'), vendor('z', 'One'));
    const { directory, own, update } = await open(dir);
    await writeFile(join(dir, 'a.yaml'), Array.from({ length: 1000 }, () => 'kind: Nothing\n').join('---\n'));
    await writeFile(join(dir, 'z.yaml'), vendor('z', 'Two'));
    await update();
    expect(directory.problems()[0]).toContain(`${dir}: more than 1000 documents`);
    expect(directory.problems()).toHaveLength(51);
    expect(own()).toEqual({ z: 'One' });
  });

  it('may contain a pipe and a link to nowhere', async () => {
    const dir = await temporary();
    execFileSync('mkfifo', [join(dir, 'pipe.yaml')]);
    await symlink('/nowhere', join(dir, 'link.yaml'));
    expect((await open(dir)).directory.problems()).toEqual([expect.stringContaining(join(dir, 'pipe.yaml: '))]);
  });

  it('is checked every two seconds, and soon again after a change', async () => {
    const dir = await temporary();
    const { directory, clock, own } = await open(dir);
    directory.watch();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'A'));
    const nextCheck = () => vi.waitUntil(() => clock.open === 1);
    await nextCheck();
    clock.advance(1999);
    expect(clock.open).toBe(1);
    clock.advance(1);
    await nextCheck();
    expect(own()).toEqual({});
    clock.advance(100);
    await nextCheck();
    expect(own()).toEqual({ a: 'A' });
    await directory.stop();
    expect(clock.open).toBe(0);
  });
});

describe('a mounted ConfigMap', () => {
  it('is updated as a whole, with one check', async () => {
    const mounted = await mountedDirectory({ 'a.yaml': vendor('a', 'One'), 'old.yaml': vendor('old', 'One') });
    onTestFinished(mounted.remove);
    const { directory, own, errors } = await open(mounted.dir);
    expect(own()).toEqual({ a: 'One', old: 'One' });
    await mounted.swap({ 'a.yaml': vendor('a', 'Two'), 'new.yaml': vendor('new', 'Two') });
    await directory.check();
    expect(own()).toEqual({ a: 'Two', new: 'Two' });
    await mounted.swap({});
    await directory.check();
    expect(own()).toEqual({});
    expect(errors()).toEqual([]);
  });
});
