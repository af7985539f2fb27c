import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, shift } from '../../src/certificates/describe.ts';
import { directorySource } from '../../src/certificates/directory-source.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { ServerCertificate } from '../../src/certificates/server-certificate.ts';
import { choose } from '../../src/certificates/source.ts';

const at = new Date('2026-11-20T12:00:00Z');
let old: Required<ServerCertificate>;
let fresh: Required<ServerCertificate>;
beforeAll(async () => {
  [old, fresh] = await Promise.all([
    issueServerCertificate(['localhost'], at),
    issueServerCertificate(['localhost'], shift(at, 300 * DAY)),
  ]);
});

describe('which certificate to serve', () => {
  const later = () => shift(at, 301 * DAY);

  test('the one offered, when there is none, or nobody is known to call', () => {
    expect(choose(undefined, fresh, ['', ''], later())).toBe(fresh);
    expect(choose(old, fresh, undefined, later())).toBe(fresh);
  });

  test('the one offered, once every entry vouches for it', () => {
    expect(choose(old, fresh, [fresh.ca, old.ca + fresh.ca], later())).toBe(fresh);
    expect(choose(old, fresh, [fresh.ca, old.ca], later())).toBe(old);
    expect(choose(old, fresh, ['', ''], later())).toBe(old);
  });

  test('the one offered, when the other has expired', () => {
    expect(choose(old, fresh, [old.ca], shift(at, 366 * DAY))).toBe(fresh);
  });
});

describe('a directory', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'agent-injector-source-'));
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });
  const files = ({ cert, key, ca }: Required<ServerCertificate>) => ({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca });

  /** As the kubelet does: a new directory, and one rename that swaps the link to it. */
  function mount(dir: string, version: string, content: Readonly<Record<string, string>>): void {
    mkdirSync(join(dir, version), { recursive: true });
    for (const [name, text] of Object.entries(content)) writeFileSync(join(dir, version, name), text);
    symlinkSync(version, join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  }

  test('is read again when it changes; what is broken there is said, and not taken', async () => {
    const dir = join(scratch, 'mounted');
    mount(dir, '..1', files(old));
    for (const name of Object.keys(files(old))) symlinkSync(join('..data', name), join(dir, name));
    const source = directorySource(dir);
    expect(await source.evaluate(at, undefined)).toEqual({
      certificate: old,
      problem: undefined,
      news: [],
      againInMs: 3000,
    });

    mount(dir, '..2', { ...files(fresh), 'tls.key': old.key });
    const broken = await source.evaluate(shift(at, 301 * DAY), undefined);
    expect(broken.certificate).toEqual(old);
    expect(broken.problem).toMatch(/tls\.key is not the private key of .*tls\.crt/);

    mount(dir, '..3', files(fresh));
    expect(await source.evaluate(shift(at, 301 * DAY), undefined)).toMatchObject({
      certificate: fresh,
      problem: undefined,
    });
  });

  test('is filled when it is empty, also later', async () => {
    const dir = join(scratch, 'local');
    const source = directorySource(dir);
    const first = await source.evaluate(at, undefined);
    expect(first.news).toEqual([`made a certificate authority and a certificate for localhost in ${dir}`]);
    expect((await source.evaluate(at, undefined)).news).toEqual([]);
    rmSync(dir, { recursive: true });
    const second = await source.evaluate(at, undefined);
    expect(second.certificate).not.toEqual(first.certificate);
  });
});
