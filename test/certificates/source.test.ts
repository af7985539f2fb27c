import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY, shift } from '../../src/certificates/describe.ts';
import { directorySource } from '../../src/certificates/directory-source.ts';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { ServerCertificate } from '../../src/certificates/server-certificate.ts';
import { selectCertificate } from '../../src/certificates/source.ts';

const at = new Date('2026-11-20T12:00:00Z');
let old: Required<ServerCertificate>;
let fresh: Required<ServerCertificate>;
beforeAll(async () => {
  [old, fresh] = await Promise.all([
    issueServerCertificate(['localhost'], at),
    issueServerCertificate(['localhost'], shift(at, 300 * DAY)),
  ]);
});

describe('selectCertificate', () => {
  const later = () => shift(at, 301 * DAY);

  test('selects the offered certificate if there is no other, or no published caBundle', () => {
    expect(selectCertificate(undefined, fresh, ['', ''], later())).toBe(fresh);
    expect(selectCertificate(old, fresh, undefined, later())).toBe(fresh);
  });

  test('selects the offered certificate once every entry verifies it', () => {
    expect(selectCertificate(old, fresh, [fresh.ca, old.ca + fresh.ca], later())).toBe(fresh);
    expect(selectCertificate(old, fresh, [fresh.ca, old.ca], later())).toBe(old);
    expect(selectCertificate(old, fresh, ['', ''], later())).toBe(old);
  });

  test('selects the offered certificate if the current one has expired', () => {
    expect(selectCertificate(old, fresh, [old.ca], shift(at, 366 * DAY))).toBe(fresh);
  });
});

describe('directorySource', () => {
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

  test('reads the directory again when it changes, and keeps the last valid certificate', async () => {
    const dir = join(scratch, 'mounted');
    mount(dir, '..1', files(old));
    for (const name of Object.keys(files(old))) symlinkSync(join('..data', name), join(dir, name));
    const source = directorySource(dir);
    expect(await source.reconcile(at, undefined)).toEqual({
      certificate: old,
      problem: undefined,
      changes: [],
      foreign: [],
      recheckAfterMs: 3000,
    });

    mount(dir, '..2', { ...files(fresh), 'tls.key': old.key });
    const broken = await source.reconcile(shift(at, 301 * DAY), undefined);
    expect(broken).toMatchObject({ certificate: old, problem: expect.stringContaining('tls.key') });

    mount(dir, '..3', files(fresh));
    expect(await source.reconcile(shift(at, 301 * DAY), undefined)).toMatchObject({
      certificate: fresh,
      problem: undefined,
    });
  });

  test('fills the directory whenever it is empty', async () => {
    const dir = join(scratch, 'local');
    const source = directorySource(dir);
    const first = await source.reconcile(at, undefined);
    expect(first.changes).toHaveLength(1);
    expect((await source.reconcile(at, undefined)).changes).toEqual([]);
    rmSync(dir, { recursive: true });
    const second = await source.reconcile(at, undefined);
    expect(second.certificate).not.toEqual(first.certificate);
  });

  test('describes a lasting problem by the same text, so that it is logged once', async () => {
    const dir = join(scratch, 'expired');
    mount(dir, '..1', files(old));
    const source = directorySource(join(dir, '..1'));
    const later = shift(at, 400 * DAY);
    const { problem } = await source.reconcile(later, undefined);
    expect(problem).toContain('tls.crt');
    expect((await source.reconcile(shift(later, 3000), undefined)).problem).toBe(problem);
  });
});
