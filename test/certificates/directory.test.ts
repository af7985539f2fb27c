import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OpenedDirectory, readOrCreateTlsDirectory } from '../../src/certificates/directory.ts';
import type { DirectoryFault } from '../../src/certificates/faults.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { ServerCertificate } from '../../src/certificates/server-certificate.ts';
import type { Result } from '../../src/lib/result.ts';

const at = new Date('2026-11-20T12:00:00Z');
const scratch = mkdtempSync(join(tmpdir(), 'agent-injector-tls-'));
let prepared: readonly Required<ServerCertificate>[];
let count = 0;

beforeAll(async () => {
  prepared = await Promise.all([1, 2, 3, 4].map(async () => issueServerCertificate(['localhost'], at)));
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

function newDir(files: Readonly<Record<string, string>> = {}): string {
  const dir = join(scratch, `dir-${(count += 1)}`);
  mkdirSync(dir);
  for (const name in files) writeFileSync(join(dir, name), files[name] ?? '');
  return dir;
}

function filesOf({ cert, key, ca }: ServerCertificate): Record<string, string> {
  return { 'tls.crt': cert, 'tls.key': key, ...(ca !== undefined && { 'ca.crt': ca }) };
}

function first(): Required<ServerCertificate> {
  const [certificate] = prepared;
  if (!certificate) throw new Error('beforeAll has not run');
  return certificate;
}

const issueFirst = async (): Promise<Required<ServerCertificate>> => first();
const issueNothing = async (): Promise<never> => {
  throw new Error('nothing should have been issued');
};

async function faultOf(dir: string, when = at): Promise<Omit<DirectoryFault, 'dir'>> {
  const opened = await readOrCreateTlsDirectory(dir, when, issueNothing);
  if (opened.ok) throw new Error('no fault was found');
  const { dir: named, ...fault } = opened.error;
  expect(named).toBe(dir);
  return fault;
}

const without = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(filesOf(first())).filter(([name]) => !names.includes(name)));

describe('an empty directory', () => {
  test('is filled once, then read', async () => {
    const dir = join(newDir(), 'made', 'too');
    const opened = await readOrCreateTlsDirectory(dir, at);
    expect(opened).toMatchObject({ ok: true, value: { created: true } });
    expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(statSync(join(dir, 'tls.key')).mode & 0o777).toBe(0o600);
    expect(await readOrCreateTlsDirectory(dir, at, issueNothing)).toMatchObject({
      ok: true,
      value: { created: false },
    });
  });

  test('may contain other files', async () => {
    const dir = newDir({ 'README.md': '# Certificates\n' });
    expect(await readOrCreateTlsDirectory(dir, at, issueFirst)).toMatchObject({ ok: true, value: { created: true } });
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toBe('# Certificates\n');
  });

  test('stays empty if issuing the certificate fails', async () => {
    const dir = newDir();
    await expect(readOrCreateTlsDirectory(dir, at, issueNothing)).rejects.toThrow('nothing should have been issued');
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a directory with certificates', () => {
  test('is read with an empty ca.crt, or without one', async () => {
    const { cert, key } = first();
    for (const ca of [{}, { 'ca.crt': '' }]) {
      const dir = newDir({ 'tls.crt': cert, 'tls.key': key, ...ca });
      expect(await readOrCreateTlsDirectory(dir, at, issueNothing)).toEqual({
        ok: true,
        value: { certificate: { cert, key }, created: false },
      });
    }
  });

  test('may be read-only and consist of links, like a mounted Secret', async () => {
    const dir = newDir();
    const data = join(dir, '..2026_11_20');
    mkdirSync(data);
    for (const [name, content] of Object.entries(filesOf(first()))) {
      writeFileSync(join(data, name), content);
      symlinkSync(join('..2026_11_20', name), join(dir, name));
    }
    chmodSync(dir, 0o555);
    expect(await readOrCreateTlsDirectory(dir, at, issueNothing)).toEqual({
      ok: true,
      value: { certificate: first(), created: false },
    });
    chmodSync(dir, 0o755);
  });
});

describe('a process that died while it filled the directory', () => {
  test.each([[[]], [['ca.crt']], [['ca.crt', 'tls.key']]])(
    'having published %j, does not block the next one',
    async (published) => {
      const dir = newDir();
      const committed = newDir(filesOf(first()));
      for (const name of published) cpSync(join(committed, name), join(dir, name));
      renameSync(committed, join(dir, '.issued'));
      const opened = await readOrCreateTlsDirectory(dir, at, async () => prepared[1] ?? first());
      expect(opened).toEqual({ ok: true, value: { certificate: first(), created: false } });
      expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    },
  );
});

describe('a directory that cannot be used', () => {
  test.each([
    [['tls.key'], ['tls.crt', 'ca.crt'], ['tls.key']],
    [['tls.crt', 'ca.crt'], ['tls.key'], ['tls.crt']],
    [['tls.crt', 'tls.key'], ['ca.crt'], ['tls.crt', 'tls.key']],
  ])('is incomplete without %j, and stays as it is', async (removed, present, missing) => {
    const dir = newDir(without(...removed));
    expect(await faultOf(dir)).toEqual({ kind: 'incomplete', present, missing });
    expect(readdirSync(dir).toSorted()).toEqual(present.toSorted());
  });

  test('has something that cannot be read', async () => {
    const dir = newDir(without('tls.key'));
    mkdirSync(join(dir, 'tls.key'));
    expect(await faultOf(dir)).toEqual({ kind: 'unreadable', file: 'tls.key', code: 'EISDIR' });
    const file = join(newDir({ file: '' }), 'file');
    expect(await faultOf(file)).toEqual({ kind: 'unreadable', file: 'tls.crt', code: 'ENOTDIR' });
  });

  // Not even root can create files there.
  test.skipIf(process.platform !== 'linux')('cannot be written', async () => {
    expect(await faultOf('/sys/agent-injector')).toEqual({
      kind: 'unwritable',
      code: expect.stringMatching(/^E(PERM|ACCES|ROFS)$/),
    });
  });

  test('has a certificate with a fault', async () => {
    expect(await faultOf(newDir({ ...without(), 'tls.crt': 'text' }))).toEqual({ kind: 'not-pem', part: 'cert' });
    const expired = await faultOf(newDir(without('ca.crt')), new Date('2028-01-01T00:00:00Z'));
    expect(expired).toMatchObject({ kind: 'expired', part: 'cert', since: '2027-11-20T12:00:00.000Z' });
  });
});

describe('several processes', () => {
  const bundle = join(scratch, 'open-directories.mjs');
  const children: ReturnType<typeof spawn>[] = [];

  beforeAll(async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
    await build({
      entryPoints: [join(root, 'test/support/open-directories.ts')],
      outfile: bundle,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20.20',
    });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  interface Report {
    readonly opened: readonly Result<OpenedDirectory, DirectoryFault>[];
    readonly loadedForge: boolean;
  }

  /** Runs one process per argument list, all released at the same moment. */
  async function run(argumentLists: readonly (readonly string[])[]): Promise<readonly Report[]> {
    const started = await Promise.all(
      argumentLists.map(async (args) => {
        const child = spawn(process.execPath, [bundle, at.toISOString(), ...args], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        children.push(child);
        await once(child.stdout, 'readable');
        expect(String(child.stdout.read())).toBe('ready\n');
        return child;
      }),
    );
    for (const child of started) child.stdin.write('go\n');
    return Promise.all(started.map(async (child): Promise<Report> => JSON.parse(await text(child.stdout))));
  }

  test('that start together end with one pair, created by one of them', async () => {
    const dir = newDir();
    const reports = await run([1, 2, 3, 4].map(() => ['-', dir]));
    const opened = reports.flatMap((report) => report.opened);
    expect(opened.map((one) => one.ok)).toEqual([true, true, true, true]);
    expect(opened.filter((one) => one.ok && one.value.created)).toHaveLength(1);
    expect(new Set(opened.map((one) => one.ok && JSON.stringify(one.value.certificate))).size).toBe(1);
    expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
  });

  test('never mix their files, in 150 directories', async () => {
    const dirs = Array.from({ length: 150 }, () => newDir());
    const reports = await run(
      prepared.map((certificate, index) => {
        const path = join(scratch, `prepared-${index}.json`);
        writeFileSync(path, JSON.stringify(certificate));
        return [path, ...dirs];
      }),
    );
    for (const [index, dir] of dirs.entries()) {
      const opened = reports.map((report) => report.opened[index]);
      expect(opened).toEqual([1, 2, 3, 4].map(() => expect.objectContaining({ ok: true })));
      expect(opened.filter((one) => one?.ok && one.value.created)).toHaveLength(1);
      expect(new Set(opened.map((one) => one?.ok && JSON.stringify(one.value.certificate))).size).toBe(1);
      expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    }
  });

  test('load node-forge only to create certificates', async () => {
    const [reader] = await run([['-', newDir(filesOf(first()))]]);
    const [maker] = await run([['-', newDir()]]);
    expect(reader).toMatchObject({ loadedForge: false, opened: [{ ok: true, value: { created: false } }] });
    expect(maker).toMatchObject({ loadedForge: true, opened: [{ ok: true, value: { created: true } }] });
  });
});
