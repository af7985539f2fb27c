import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executable } from '../support/built.ts';
import { run } from '../support/process.ts';

const folder = join(import.meta.dirname, '../support/earlier-words');
const before = readFileSync(join(folder, 'before.yaml'), 'utf8');
const after = readFileSync(join(folder, 'after.yaml'), 'utf8');
let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-convert-'));
  mkdirSync(join(dir, 'profiles/more'), { recursive: true });
  copyFileSync(join(folder, 'before.yaml'), join(dir, 'profiles/acme.yaml'));
  copyFileSync(join(folder, 'before.yaml'), join(dir, 'profiles/more/acme.yaml'));
  writeFileSync(join(dir, 'profiles/pod.yaml'), 'apiVersion: v1\nkind: Pod\n');
});
afterEach(() => rmSync(dir, { recursive: true }));

const read = (name: string): string => readFileSync(join(dir, name), 'utf8');

describe('convert', () => {
  it('rewrites the profiles of a directory, says each change, and finds nothing the second time', async () => {
    const { code, stdout, stderr } = await run(['convert', 'profiles'], { cwd: dir });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(read('profiles/acme.yaml')).toBe(after);
    expect(read('profiles/more/acme.yaml')).toBe(before);
    expect(stderr).toMatch(/^profiles\/acme\.yaml:20:7: "signs" is "match" now$/m);
    const again = await run(['convert', 'profiles'], { cwd: dir });
    expect({ code: again.code, lines: again.stderr.trim().split('\n').length }).toEqual({ code: 0, lines: 1 });
    expect(read('profiles/acme.yaml')).toBe(after);
  });

  it('rewrites what is further down with -R', async () => {
    expect((await run(['convert', '-R', 'profiles'], { cwd: dir })).code).toBe(0);
    expect([read('profiles/acme.yaml'), read('profiles/more/acme.yaml')]).toEqual([after, after]);
  });

  it('what it wrote is what lint asks for', async () => {
    const earlier = await run(['lint', 'profiles/acme.yaml'], { cwd: dir });
    expect(earlier.code).toBe(1);
    expect(earlier.stdout).toMatch(/acme\.yaml:20:7: error: .*"match".*agent-injector convert/);
    expect(earlier.stdout).not.toContain('unknown field');
    await run(['convert', 'profiles/acme.yaml'], { cwd: dir });
    expect((await run(['lint', 'profiles/acme.yaml'], { cwd: dir })).stdout).not.toContain('agent-injector convert');
  });

  it('writes nothing with --diff', async () => {
    const { code, stdout } = await run(['convert', '--diff', 'profiles/acme.yaml'], { cwd: dir });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^-  writable:$/m);
    expect(stdout).toMatch(/^\+  writablePaths:$/m);
    expect(read('profiles/acme.yaml')).toBe(before);
  });

  it('prints what it reads from standard input', async () => {
    const { code, stdout } = await run(['convert', '-'], { stdin: before });
    expect({ code, stdout }).toEqual({ code: 0, stdout: after });
  });

  it('has exit code 1 for what is left to the author, and for files without a profile', async () => {
    const text =
      'apiVersion: agent-injector.io/v1alpha1\nkind: AgentProfile\nspec: {extends: x, deliveries: [{name: own, image: acme}]}\n';
    const left = await run(['convert', '-'], { stdin: text });
    expect(left).toMatchObject({ code: 1, stdout: text });
    expect(left.stderr).toMatch(/^standard input:3:\d+: left as it is: /);
    expect((await run(['convert', 'profiles/pod.yaml'], { cwd: dir })).code).toBe(1);
  });

  it.runIf(process.platform !== 'win32')('leaves a file as it was if it cannot be written as a whole', () => {
    const path = join(dir, 'profiles/acme.yaml');
    // As on a disk that is full: a file may have 1 KiB.
    const script = `ulimit -f 1; exec "$@"`;
    const { status, stderr } = spawnSync('bash', ['-c', script, '-', process.execPath, executable, 'convert', path], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('acme.yaml') as string });
    expect(read('profiles/acme.yaml')).toBe(before);
    expect(readdirSync(join(dir, 'profiles')).toSorted()).toEqual(['acme.yaml', 'more', 'pod.yaml']);
  });

  it('keeps the mode of a file, and a link to it', async () => {
    chmodSync(join(dir, 'profiles/acme.yaml'), 0o640);
    symlinkSync('profiles/acme.yaml', join(dir, 'link.yaml'));
    expect((await run(['convert', 'link.yaml'], { cwd: dir })).code).toBe(0);
    expect(lstatSync(join(dir, 'link.yaml')).isSymbolicLink()).toBe(true);
    expect(statSync(join(dir, 'profiles/acme.yaml')).mode & 0o777).toBe(0o640);
    expect(read('profiles/acme.yaml')).toBe(after);
  });

  it.each([
    ['a file that does not exist', ['none.yaml']],
    ['an address', ['https://example.com/acme.yaml']],
    ['no file', []],
  ])('has exit code 2 for %s', async (_, args) => {
    expect((await run(['convert', ...args], { cwd: dir })).code).toBe(2);
  });
});
