import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { builtInDocuments } from '../../src/profile-sources/builtin-documents.ts';
import { withDefaults } from '../../src/profiles/catalogue.ts';
import { ProfileDirectory } from '../../src/profile-sources/directory.ts';
import { catalogue } from '../support/fixtures.ts';
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
  const directory = await ProfileDirectory.open({
    dir,
    builtIn: builtInDocuments.profiles,
    tables: withDefaults(catalogue, Object.entries(defaults)),
    everyMs: 5,
    log: {
      warn: (fields, message) => lines.push({ level: 'warn', fields, message }),
      info: (fields, message) => lines.push({ level: 'info', fields, message }),
      error: (fields, message) => lines.push({ level: 'error', fields, message }),
    },
  });
  directory.watch();
  onTestFinished(() => directory.stop());
  const own = () =>
    Object.fromEntries(
      [...directory.catalogue().profiles].flatMap(([name, { vendor }]) =>
        catalogue.profiles.get(name)?.vendor === vendor ? [] : [[name, vendor]],
      ),
    );
  return {
    directory,
    lines,
    own,
    errors: () => lines.filter(({ level }) => level === 'error').map(({ message }) => message),
  };
}

const eventually = <T>(look: () => T) => expect.poll(look, { interval: 5, timeout: 10_000 });
const vendor = (name: string, of: string) => profileText(name, { vendor: of });

describe('a directory of profiles', () => {
  it('is read with all its YAML files and all their documents, hidden ones and directories aside', async () => {
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

  it('must be there', async () => {
    await expect(open('/nowhere')).rejects.toThrow(/ENOENT.*\/nowhere/);
  });

  it('changes, breaks, is mended and loses what is taken away', async () => {
    const dir = await temporary();
    const file = join(dir, 'a.yaml');
    await writeFile(file, vendor('a', 'One'));
    await writeFile(join(dir, 'b.yaml'), vendor('b', 'One'));
    const { directory, own, errors } = await open(dir);
    await writeFile(file, vendor('a', 'Two'));
    await eventually(own).toEqual({ a: 'Two', b: 'One' });

    await writeFile(join(dir, 'b.yaml'), vendor('b', 'Two'));
    await writeFile(file, `${vendor('a', 'Three')}  surprise: 1\n`);
    await eventually(own).toEqual({ a: 'Two', b: 'Two' });
    await eventually(() => directory.status()).toMatchObject({
      profiles: { user: 1, 'last-good': 1, broken: 0 },
      problems: 1,
    });
    expect(directory.problems()[0]).toMatch(/a\.yaml:16:3: a: spec\.surprise: is no known key here/);
    const said = errors();
    expect(said).toContain('a broken profile goes on as it was last sound');
    expect(said.filter((line) => line === directory.problems()[0])).toHaveLength(1);

    await writeFile(file, vendor('a', 'Four'));
    await eventually(own).toEqual({ a: 'Four', b: 'Two' });
    expect(directory.problems()).toEqual([]);
    expect(directory.status().profiles).toMatchObject({ user: 2, 'last-good': 0, broken: 0 });

    await rm(file);
    await eventually(own).toEqual({ b: 'Two' });
    expect(directory.status().reloads.sound).toBeGreaterThanOrEqual(3);
    expect(directory.status().reloads.broken).toBeGreaterThanOrEqual(1);
    expect(errors()).toEqual(said);
  });

  it.each([
    ['what is no YAML', 'a: [', ':1:5: '],
    ['what is no UTF-8', Buffer.from([0xc3, 0x28]), ': is no UTF-8 text'],
    ['what is too large', `#${'x'.repeat(1024 * 1024)}`, ': is larger than 1024 KiB'],
    ['no profile', 'kind: ConfigMap\n', ':1:1: '],
    ['no object', 'a text\n', ':1:1: '],
    ['half of it', vendor('a', 'Two').slice(0, 60), ':3:'],
  ])('keeps a profile whose file turns to %s', async (_, content, place) => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'One'));
    const { directory, own } = await open(dir);
    await writeFile(join(dir, 'a.yaml'), content);
    await eventually(() => directory.problems()).not.toEqual([]);
    expect(directory.problems()[0]).toContain(`a.yaml${place}`);
    expect(own()).toEqual({ a: 'One' });
    expect(directory.status().profiles['last-good']).toBe(1);
  });

  it('keeps one of several documents in a file, and takes the others', async () => {
    const dir = await temporary();
    const file = join(dir, 'all.yaml');
    const text = (version: string, broken = '') =>
      `${vendor('a', version)}---\n${vendor('b', version)}${broken}---\n${vendor('c', version)}`;
    await writeFile(file, text('One'));
    const { directory, own } = await open(dir);
    await writeFile(file, text('Two', '  "unfinished: [\n'));
    await eventually(() => directory.problems()).not.toEqual([]);
    expect(own()).toMatchObject({ a: 'Two', b: 'One' });
    expect(directory.problems()[0]).toMatch(/all\.yaml:\d+:\d+: /);
  });

  it('does not keep a profile that went to another file meanwhile', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'One'));
    const { directory, own } = await open(dir);
    await writeFile(join(dir, 'next.yaml'), vendor('a', 'Two'));
    await rename(join(dir, 'next.yaml'), join(dir, 'b.yaml'));
    await writeFile(join(dir, 'a.yaml'), '[');
    await eventually(own).toEqual({ a: 'Two' });
    await eventually(() => directory.problems().length).toBe(1);
    expect(directory.status().profiles).toMatchObject({ user: 1, 'last-good': 0 });
  });

  it('begins without what is broken from the start, and says so; no built-in profile stands in for it', async () => {
    const dir = await temporary();
    const [[name = '', shipped] = []] = catalogue.profiles;
    await writeFile(join(dir, 'a.yaml'), profileText(name, { extends: name, vendor: 5 }));
    await writeFile(join(dir, 'b.yaml'), vendor('b', 'B'));
    const { directory, own, errors } = await open(dir);
    expect(directory.catalogue().profiles.has(name)).toBe(false);
    expect(own()).toEqual({ b: 'B' });
    expect(directory.status().profiles).toMatchObject({ user: 1, broken: 1 });
    expect(errors()).toContain('a broken profile is not served');
    await rm(join(dir, 'a.yaml'));
    await eventually(() => directory.catalogue().profiles.get(name)?.vendor).toBe(shipped?.vendor);
  });

  it('says when a profile stands in the place of a built-in one', async () => {
    const dir = await temporary();
    const [name = ''] = catalogue.profiles.keys();
    await writeFile(join(dir, 'a.yaml'), vendor(name, 'Mine'));
    const { lines, own } = await open(dir);
    expect(own()).toEqual({ [name]: 'Mine' });
    expect(lines).toContainEqual({
      level: 'info',
      message: 'a profile of this name stands in the place of the built-in one',
      fields: { dir, profile: name },
    });
  });

  it('tells of defaults that speak of a profile which is gone', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('mine', 'A'));
    const { directory } = await open(dir, { profile: 'mine' });
    expect(directory.problems()).toEqual([]);
    await rm(join(dir, 'a.yaml'));
    await eventually(() => directory.problems()).toEqual([
      expect.stringContaining('defaults.profile: profile "mine" not found'),
    ]);
  });

  it('that goes away keeps all profiles, and says so once', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'A'));
    const { directory, own, lines, errors } = await open(dir);
    await rename(dir, `${dir}.away`);
    await eventually(errors).toHaveLength(1);
    expect(directory.problems()).toEqual([expect.stringContaining('ENOENT')]);
    await rename(`${dir}.away`, dir);
    await eventually(() => lines.at(-1)?.message).toBe('the profiles can be read again');
    expect(own()).toEqual({ a: 'A' });
    expect(directory.problems()).toEqual([]);
    expect(errors()).toHaveLength(1);
  });

  it('has bounds', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'a.yaml'), vendor('a', 'A'));
    const { directory, own } = await open(dir);
    await Promise.all(Array.from({ length: 1000 }, (_, index) => writeFile(join(dir, `x${index}.yaml`), '# nothing')));
    await eventually(() => directory.problems()).toEqual([`${dir} has 1001 YAML files, more than 1000`]);
    await Promise.all(Array.from({ length: 1000 }, (_, index) => rm(join(dir, `x${index}.yaml`))));
    await eventually(() => directory.problems()).toEqual([]);
    await Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        writeFile(join(dir, `y${index}.yaml`), `#${'x'.repeat(1024 * 1024 - 1)}`),
      ),
    );
    await eventually(() => directory.problems()).toEqual([`the YAML files in ${dir} are larger than 8 MiB`]);
    expect(own()).toEqual({ a: 'A' });
  });

  it('keeps what stands behind the thousandth document as it was', async () => {
    const dir = await temporary();
    await writeFile(join(dir, 'z.yaml'), vendor('z', 'One'));
    const { directory, own } = await open(dir);
    await writeFile(join(dir, 'a.yaml'), Array.from({ length: 1000 }, () => 'kind: Nothing\n').join('---\n'));
    await writeFile(join(dir, 'z.yaml'), vendor('z', 'Two'));
    await eventually(() => directory.problems()[0]).toBe(`${dir}: has more than the 1000 documents that are read`);
    expect(directory.problems()).toHaveLength(51);
    expect(directory.problems()[50]).toMatch(/^and \d+ more problems of profiles$/);
    expect(own()).toEqual({ z: 'One' });
  });

  it('may hold a pipe and a link to nowhere', async () => {
    const dir = await temporary();
    execFileSync('mkfifo', [join(dir, 'pipe.yaml')]);
    await symlink('/nowhere', join(dir, 'link.yaml'));
    expect((await open(dir)).directory.problems()).toEqual([`${join(dir, 'pipe.yaml')}: is no file`]);
  });
});

describe('a mounted ConfigMap', () => {
  it('is exchanged as a whole', async () => {
    const mounted = await mountedDirectory({ 'a.yaml': vendor('a', 'One'), 'gone.yaml': vendor('gone', 'One') });
    onTestFinished(mounted.remove);
    const { own, errors } = await open(mounted.dir);
    expect(own()).toEqual({ a: 'One', gone: 'One' });
    await mounted.swap({ 'a.yaml': vendor('a', 'Two'), 'new.yaml': vendor('new', 'Two') });
    await eventually(own).toEqual({ a: 'Two', new: 'Two' });
    await mounted.swap({});
    await eventually(own).toEqual({});
    expect(errors()).toEqual([]);
  });
});
