import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { millisecondsOf } from '../../src/config/value-kinds.ts';

const issued = { tlsSecret: 'apm/tls', webhookConfiguration: 'agent-injector', service: 'agent-injector.apm' };
const problemsOf = (flags: Readonly<Record<string, string>>, purpose?: 'read'): readonly string[] => {
  const read = readConfig(flags, {}, purpose);
  return read.ok ? [] : read.error.problems;
};

describe('settings of certificates', () => {
  test.each([
    [issued],
    [{ webhookConfiguration: 'a', service: 'a.b', tlsDir: 'certs' }],
    [{ clientCa: 'ca.crt', clientNames: 'kube-apiserver, other' }],
    [{ register: 'https://192.168.1.10:8443', kubeconfig: 'config' }],
    [{ register: 'https://[fd00::1]', kubeconfig: 'config' }],
  ])('that belong together: %j', (flags) => {
    expect(problemsOf(flags)).toEqual([]);
  });

  test('may be incomplete for a command that only reads', () => {
    expect(problemsOf({ tlsSecret: 'apm/tls' }, 'read')).toEqual([]);
  });

  test.each([
    [{ tlsSecret: 'apm/tls' }, [/^tlsSecret .*webhookConfiguration/, /^tlsSecret .*service/]],
    [{ ...issued, tlsDir: 'certs' }, [/^tlsSecret and tlsDir/]],
    [{ clientNames: 'a' }, [/^clientNames .*clientCa/]],
    [{ ...issued, tlsSecret: 'tls' }, [/^--tls-secret: "tls"/]],
    [{ ...issued, tlsSecret: 'apm/-tls' }, [/^--tls-secret: /]],
    [{ ...issued, service: 'a.b.svc' }, [/^--service: "a.b.svc"/]],
    [{ ...issued, webhookConfiguration: 'a.-b' }, [/^--webhook-configuration: /]],
    [{ register: 'https://192.168.1.10', tlsDir: 'certs' }, [/^register excludes/]],
    [{ register: 'https://192.168.1.10', demo: 'true' }, [/^register excludes/]],
    [{ register: 'http://192.168.1.10' }, [/^--register: /]],
    [{ register: 'https://192.168.1.10/mutate' }, [/^--register: /]],
    [{ leafLifetime: '0d' }, [/^--leaf-lifetime: "0d"/]],
    [{ leafLifetime: '7d', caLifetime: '20d' }, [/^caLifetime: "20d" .*"7d"/]],
  ])('that do not: %j', (flags, problems) => {
    expect(problemsOf(flags)).toEqual(problems.map((problem) => expect.stringMatching(problem)));
  });

  test('are read from the environment, next to what the kubelet adds for the Service', () => {
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
    expect(read).toMatchObject({ ok: true, value: issued });
  });
});

test.each([
  [{ demo: 'true' }, 0],
  [{ demo: 'true', drainSeconds: '2' }, 2],
  [{ kubeconfig: 'config' }, 10],
])('a server that is only tried out stops at once: %j', (flags, drainSeconds) => {
  expect(readConfig(flags, {})).toMatchObject({ ok: true, value: { drainSeconds } });
});

describe('tenancy', () => {
  test('is strict by default, with every profile', () => {
    expect(readConfig({}, {})).toMatchObject({ ok: true, value: { tenancy: 'strict', builtInProfiles: true } });
  });

  test('reads lists and levels', () => {
    const flags = { allowedProfiles: 'our-*, jennifer-dotnet', settableBy: 'image=cluster|namespace, profile=cluster' };
    expect(readConfig(flags, {})).toMatchObject({
      ok: true,
      value: {
        allowedProfiles: ['our-*', 'jennifer-dotnet'],
        settableBy: new Map([
          ['image', ['cluster', 'namespace']],
          ['profile', ['cluster']],
        ]),
      },
    });
  });

  test.each([
    ['tenancy', 'Strict'],
    ['allowedProfiles', ','],
    ['allowedProfiles', 'Our'],
    ['builtInProfiles', 'no'],
    ['settableBy', 'image'],
    ['settableBy', 'image='],
    ['settableBy', 'images=cluster'],
    ['settableBy', 'image=clusters'],
    ['settableBy', 'image=cluster,image=pod'],
    ['settableBy', 'image=cluster=pod'],
  ])('%s is not "%s"', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(value)]);
  });
});

describe('durations', () => {
  test.each([
    ['0', 0],
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('auditInterval %s', (auditInterval, ms) => {
    const read = readConfig({ auditInterval }, {});
    expect(read.ok && millisecondsOf(read.value.auditInterval)).toBe(ms);
  });

  // setTimeout overflows after some weeks, and then fires at once.
  test.each(['8d', '999999h', '10', '0m', '-1m', 'often'])('auditInterval is not %s', (auditInterval) => {
    expect(problemsOf({ auditInterval })).toEqual([expect.stringContaining(`--audit-interval: "${auditInterval}"`)]);
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
      value: { port: 0o20123, defaults: { 'domain-id': '420', 'java-options': 'e2' } },
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
    expect(read.ok ? [] : read.error.problems).toEqual([
      expect.stringMatching(new RegExp(`yaml:${line}:${column}: \\S`)),
    ]);
  });
});
