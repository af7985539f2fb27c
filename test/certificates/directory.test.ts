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
import { type OpenedTlsDirectory, openTlsDirectory } from '../../src/certificates/directory.ts';
import { tlsDirectoryProblemText } from '../../src/certificates/directory-problem.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { ServerCertificate } from '../../src/certificates/server-certificate.ts';

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

async function problemOf(dir: string, when = at): Promise<string> {
  const opened = await openTlsDirectory(dir, when, issueNothing);
  if (opened.ok) throw new Error('no problem was found');
  return tlsDirectoryProblemText(opened.problem).replaceAll(dir, 'certs');
}

const without = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(filesOf(first())).filter(([name]) => !names.includes(name)));

describe('an empty directory', () => {
  test('is filled, and from then on read', async () => {
    const dir = join(newDir(), 'made', 'too');
    const opened = await openTlsDirectory(dir, at);
    expect(opened).toMatchObject({ ok: true, created: true });
    expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(statSync(join(dir, 'tls.key')).mode & 0o777).toBe(0o600);
    expect(await openTlsDirectory(dir, at, issueNothing)).toEqual({ ...opened, created: false });
  });

  test('may hold other files', async () => {
    const dir = newDir({ 'README.md': '# Certificates\n' });
    expect(await openTlsDirectory(dir, at, issueFirst)).toMatchObject({ ok: true, created: true });
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toBe('# Certificates\n');
  });

  test('stays empty when making the certificate fails', async () => {
    const dir = newDir();
    await expect(openTlsDirectory(dir, at, issueNothing)).rejects.toThrow('nothing should have been issued');
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a directory with certificates', () => {
  test('is read, with ca.crt or without, or with an empty one', async () => {
    const { cert, key } = first();
    for (const ca of [{}, { 'ca.crt': '' }]) {
      const dir = newDir({ 'tls.crt': cert, 'tls.key': key, ...ca });
      expect(await openTlsDirectory(dir, at, issueNothing)).toEqual({
        ok: true,
        certificate: { cert, key },
        created: false,
      });
    }
  });

  test('may be read-only and made of links, as a mounted Secret is', async () => {
    const dir = newDir();
    const data = join(dir, '..2026_11_20');
    mkdirSync(data);
    for (const [name, content] of Object.entries(filesOf(first()))) {
      writeFileSync(join(data, name), content);
      symlinkSync(join('..2026_11_20', name), join(dir, name));
    }
    chmodSync(dir, 0o555);
    expect(await openTlsDirectory(dir, at, issueNothing)).toEqual({
      ok: true,
      certificate: first(),
      created: false,
    });
    chmodSync(dir, 0o755);
  });
});

describe('a process that died while it filled the directory', () => {
  test.each([[[]], [['ca.crt']], [['ca.crt', 'tls.key']]])('having published %j, is no obstacle', async (published) => {
    const dir = newDir();
    const committed = newDir(filesOf(first()));
    for (const name of published) cpSync(join(committed, name), join(dir, name));
    renameSync(committed, join(dir, '.issued'));
    const opened = await openTlsDirectory(dir, at, async () => prepared[1] ?? first());
    expect(opened).toEqual({ ok: true, certificate: first(), created: false });
    expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
  });
});

describe('a directory that cannot be used', () => {
  test('lacks a file', async () => {
    expect(await problemOf(newDir(without('tls.key')))).toBe(
      'TLS directory certs has tls.crt and ca.crt but no tls.key: add what is missing, or remove tls.crt and ca.crt to have fresh ones made.',
    );
    expect(await problemOf(newDir(without('tls.crt', 'ca.crt')))).toBe(
      'TLS directory certs has tls.key but no tls.crt: add what is missing, or remove tls.key to have fresh ones made.',
    );
    expect(await problemOf(newDir(without('tls.crt', 'tls.key')))).toBe(
      'TLS directory certs has ca.crt but no tls.crt and no tls.key: add what is missing, or remove ca.crt to have fresh ones made.',
    );
  });

  test('has something that cannot be read', async () => {
    const dir = newDir(without('tls.key'));
    mkdirSync(join(dir, 'tls.key'));
    expect(await problemOf(dir)).toBe(
      'Cannot read certs/tls.key (EISDIR): make it a file that this user may read, or name another directory with --tls-dir.',
    );
    expect(await problemOf(join(newDir({ file: '' }), 'file'))).toContain('Cannot read certs/tls.crt (ENOTDIR): ');
  });

  // Nobody makes files there, whoever he is.
  test.skipIf(process.platform !== 'linux')('cannot be written', async () => {
    expect(await problemOf('/sys/agent-injector')).toMatch(
      /^TLS directory certs holds no certificate, and none can be put there \(E(PERM|ACCES|ROFS)\): put tls\.crt and tls\.key there, make it writable, or name another directory with --tls-dir\.$/,
    );
  });

  const fresh = 'remove tls.crt, tls.key and ca.crt to have fresh ones made.';

  test('has texts that are no PEM', async () => {
    expect(await problemOf(newDir({ ...without(), 'tls.crt': 'text' }))).toBe(
      `certs/tls.crt is no PEM file with a CERTIFICATE block that can be parsed: replace it, or ${fresh}`,
    );
    expect(await problemOf(newDir({ ...without(), 'tls.key': 'text' }))).toBe(
      `certs/tls.key is no PEM file with a PRIVATE KEY block that can be parsed: replace it, or ${fresh}`,
    );
    const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n';
    expect(await problemOf(newDir({ ...without(), 'tls.key': encrypted }))).toBe(
      'certs/tls.key is encrypted with a passphrase: store it decrypted, readable by this user alone.',
    );
  });

  test('has parts that do not belong together', async () => {
    const foreign = filesOf(prepared[1] ?? first());
    expect(await problemOf(newDir({ ...without(), 'tls.key': foreign['tls.key'] ?? '' }))).toBe(
      `certs/tls.key is not the private key of certs/tls.crt: take both from one source, or ${fresh}`,
    );
    expect(await problemOf(newDir({ ...without(), 'ca.crt': foreign['ca.crt'] ?? '' }))).toBe(
      `certs/tls.crt was not issued by an authority in certs/ca.crt: take both from one source, or ${fresh}`,
    );
  });

  test('has its time behind it, or before it', async () => {
    const dir = newDir(without('ca.crt'));
    expect(await problemOf(dir, new Date('2028-01-01T00:00:00Z'))).toBe(
      `certs/tls.crt expired at 2027-11-20T12:00:00.000Z (it is 2028-01-01T00:00:00.000Z now): replace it, or ${fresh}`,
    );
    expect(await problemOf(dir, new Date('2026-11-20T09:00:00Z'))).toBe(
      `certs/tls.crt is valid only from 2026-11-20T11:00:00.000Z (it is 2026-11-20T09:00:00.000Z now): set the clock right, or ${fresh}`,
    );
  });

  test('is left as it was', async () => {
    const dir = newDir(without('tls.key'));
    await problemOf(dir);
    expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt']);
  });

  test('has what the TLS library will not serve', () => {
    expect(tlsDirectoryProblemText({ kind: 'unusable', dir: 'certs', reason: 'ee key too small' })).toBe(
      `certs/tls.crt and certs/tls.key cannot serve TLS (ee key too small): replace them, or ${fresh}`,
    );
  });
});

describe('processes of their own', () => {
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
      target: 'node20.19',
    });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  interface Report {
    readonly opened: readonly OpenedTlsDirectory[];
    readonly loadedForge: boolean;
  }

  /** Runs one process per given argument list, all let go at the same moment. */
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

  test('four at once end with one pair, made by one of them', async () => {
    const dir = newDir();
    const reports = await run([1, 2, 3, 4].map(() => ['-', dir]));
    const opened = reports.flatMap((report) => report.opened);
    expect(opened.map((one) => one.ok)).toEqual([true, true, true, true]);
    expect(opened.filter((one) => one.ok && one.created)).toHaveLength(1);
    expect(new Set(opened.map((one) => one.ok && JSON.stringify(one.certificate))).size).toBe(1);
    expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
  });

  test('four at once, in each of 150 directories, never mix', async () => {
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
      expect(opened.filter((one) => one?.ok && one.created)).toHaveLength(1);
      expect(new Set(opened.map((one) => one?.ok && JSON.stringify(one.certificate))).size).toBe(1);
      expect(readdirSync(dir).toSorted()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    }
  });

  test('load node-forge only to make certificates', async () => {
    const [reader] = await run([['-', newDir(filesOf(first()))]]);
    const [maker] = await run([['-', newDir()]]);
    expect(reader).toMatchObject({ loadedForge: false, opened: [{ ok: true, created: false }] });
    expect(maker).toMatchObject({ loadedForge: true, opened: [{ ok: true, created: true }] });
  });
});
