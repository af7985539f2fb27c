import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { millisecondsOf } from '../../src/config/options.ts';

const issued = { tlsSecret: 'apm/tls', webhookConfiguration: 'agent-injector', service: 'agent-injector.apm' };
const problemsOf = (flags: Readonly<Record<string, string>>, purpose?: 'read'): readonly string[] => {
  const read = readConfig(flags, {}, purpose);
  return read.ok ? [] : read.problems;
};

describe('settings of certificates', () => {
  test('that belong together', () => {
    expect(problemsOf(issued)).toEqual([]);
    expect(problemsOf({ webhookConfiguration: 'a', service: 'a.b', tlsDir: 'certs' })).toEqual([]);
    expect(problemsOf({ clientCa: 'ca.crt', clientNames: 'kube-apiserver, other' })).toEqual([]);
    expect(problemsOf({ tlsSecret: 'apm/tls' }, 'read')).toEqual([]);
  });

  test.each([
    [
      { tlsSecret: 'apm/tls' },
      [
        'tlsSecret needs webhookConfiguration: a new CA signs only once the API server is seen to trust it',
        'tlsSecret and webhookConfiguration need service: by its names the API server calls',
      ],
    ],
    [
      { ...issued, tlsDir: 'certs' },
      ['tlsSecret and tlsDir: give one of them; the certificate comes from a Secret or from a directory'],
    ],
    [{ clientNames: 'a' }, ['clientNames needs clientCa: without it nobody is asked for a certificate']],
    [{ ...issued, tlsSecret: 'tls' }, ['--tls-secret: "tls" must be NAMESPACE/NAME']],
    [{ ...issued, service: 'a.b.svc' }, ['--service: "a.b.svc" must be NAME.NAMESPACE']],
    [{ leafLifetime: '0d' }, ['--leaf-lifetime: "0d" must be a number of s, m, h or d, such as 7d']],
    [{ leafLifetime: '7d', caLifetime: '20d' }, ['caLifetime: "20d" must be at least three times leafLifetime ("7d")']],
  ])('that do not: %j', (flags, problems) => {
    expect(problemsOf(flags)).toEqual(problems);
  });

  test('come from the environment, beside what the kubelet puts there for the Service', () => {
    const read = readConfig(
      {},
      {
        AGENT_INJECTOR_SERVICE: 'agent-injector.apm',
        AGENT_INJECTOR_SERVICE_HOST: '10.0.0.1',
        AGENT_INJECTOR_SERVICE_PORT: '443',
        AGENT_INJECTOR_TLS_SECRET: 'apm/tls',
        AGENT_INJECTOR_WEBHOOK_CONFIGURATION: 'agent-injector',
      },
    );
    expect(read).toMatchObject({ ok: true, config: issued });
  });

  test('are durations', () => {
    expect(['5s', '3m', '2h', '7d'].map(millisecondsOf)).toEqual([5000, 180_000, 7_200_000, 604_800_000]);
  });
});

describe('auditInterval', () => {
  test.each([
    [undefined, 0],
    ['0', 0],
    ['90s', 90_000],
    ['10m', 600_000],
    ['7d', 604_800_000],
  ])('%s', (written, ms) => {
    const read = readConfig(written === undefined ? {} : { auditInterval: written }, {});
    expect(read.ok && millisecondsOf(read.config.auditInterval)).toBe(ms);
  });

  // Beyond some weeks a timer would end at once.
  test.each(['8d', '999999h', '10', '0m', '-1m', 'often'])('is not %s', (written) => {
    expect(problemsOf({ auditInterval: written })).toEqual([
      `--audit-interval: "${written}" must be 0 (never), or a number of s, m, h or d up to 7d, such as 10m`,
    ]);
  });
});

describe('the configuration file', () => {
  const readFile = (text: string): ReturnType<typeof readConfig> => {
    const file = join(mkdtempSync(join(tmpdir(), 'agent-injector-config-')), 'config.yaml');
    writeFileSync(file, text);
    return readConfig({ config: file }, {}, 'read');
  };

  test('is read as kubectl reads YAML', () => {
    expect(readFile('port: 0o20123\ndefaults: {domain-id: 0644, java-options: e2}\n')).toMatchObject({
      ok: true,
      config: { port: 0o20123, defaults: { 'domain-id': '420', 'java-options': 'e2' } },
    });
    expect(readFile('')).toMatchObject({ ok: true });
  });

  test.each([
    ['port: [1\n', 2, 1],
    ['port: 1\nport: 2\n', 2, 1],
    ['port: *a\n', 1, 7],
    ['port: 1\n---\nport: 2\n', 3, 1],
  ])('with a YAML error names its place: %j', (text, line, column) => {
    const read = readFile(text);
    expect(read.ok ? [] : read.problems).toEqual([expect.stringMatching(new RegExp(`yaml:${line}:${column}: \\S`))]);
  });
});
