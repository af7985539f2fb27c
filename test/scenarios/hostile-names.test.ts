import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { createProgram } from '../../src/cli/program/program.ts';
import { json, kubeconfig } from '../support/faulty-api.ts';
import { actsIn, deployment, EVIL, hostileAnswer, named, pod } from '../support/hostile-names.ts';
import { profileText } from '../support/mounted-directory.ts';
import { run, type Ended } from '../support/process.ts';

// A manifest of a pull request, a profile, a file name or the API server can hold any text. What the program prints of it must not clear a terminal,
// turn a line around, or be a command to the CI system whose log it goes to.

let dir: string;
let server: Server;
let cluster: readonly string[];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-hostile-'));
  server = createServer((request, response) =>
    json(response, hostileAnswer((request.url ?? '').split('?', 1)[0] ?? '')),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  cluster = [
    '--kubeconfig',
    file('kubeconfig', kubeconfig(address, { 'insecure-skip-tls-verify': true }, { token: 't' })),
  ];
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

/** File names can hold all but a slash and NUL. */
const EVIL_FILE = EVIL.replaceAll('/', '').slice(0, 80);

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

const manifest = (): string => file(`${EVIL_FILE}.yaml`, JSON.stringify(deployment));
const namespaces = (): string =>
  file('namespaces.yaml', JSON.stringify(named('shop', { 'agent-injector.io/profile': EVIL })));
const broken = (): string => file(`${EVIL_FILE}.broken.yaml`, `${JSON.stringify(EVIL)}: [1\n`);

function profiles(name = EVIL): string {
  const path = join(dir, `profiles-${EVIL_FILE}`);
  mkdirSync(path, { recursive: true });
  const spec = {
    vendor: EVIL,
    description: EVIL,
    parameters: [{ name: 'mode', type: 'string', default: '##[x]::y\u202E', description: EVIL }],
    environment: [
      { name: 'A', value: EVIL },
      { name: 'B', value: '${mode}' },
    ],
  };
  writeFileSync(join(path, 'acme.yaml'), profileText(name, spec));
  return path;
}

const review = (): string => {
  const request = {
    uid: EVIL,
    namespace: EVIL,
    operation: 'CREATE',
    resource: { group: '', version: 'v1', resource: 'pods' },
    object: pod(EVIL),
  };
  return file(
    `${EVIL_FILE}.json`,
    JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }),
  );
};

const earlierProfile = (): string =>
  file(
    `${EVIL_FILE}.yml`,
    stringify({
      apiVersion: 'agent-injector.io/v1alpha1',
      kind: 'AgentProfile',
      metadata: { name: EVIL },
      spec: { variants: [{ name: EVIL, by: EVIL }] },
    }),
  );

/** An Instrumentation that cannot be carried over: the report has its names. */
const instrumentation = (): string =>
  file(
    'instrumentation.json',
    JSON.stringify({
      apiVersion: 'opentelemetry.io/v1alpha1',
      kind: 'Instrumentation',
      metadata: { name: EVIL },
      spec: { [EVIL]: EVIL },
    }),
  );

/** For every command: what has the text, and the arguments. */
const rows: readonly (readonly [string, () => readonly string[]])[] = [
  ['inject: names, annotations, file', () => ['inject', '-f', manifest(), '--diff']],
  ['inject: namespace', () => ['inject', '-f', manifest(), '--namespaces', namespaces(), '--diff']],
  ['inject: profile', () => ['inject', '-f', manifest(), '--profile', EVIL, '--diff']],
  [
    'inject: profile directory',
    () => ['inject', '-f', manifest(), '--profiles', profiles('acme'), '--profile', 'acme', '--diff'],
  ],
  ['inject: invalid profile', () => ['inject', '-f', manifest(), '--profiles', profiles(), '--diff']],
  ['inject: --set', () => ['inject', '-f', manifest(), '--set', `${EVIL}=${EVIL}`]],
  ['inject: missing file', () => ['inject', '-f', join(dir, EVIL)]],
  ['inject: broken file', () => ['inject', '-f', broken()]],
  ['inject: config', () => ['inject', '-f', manifest(), '--config', broken()]],
  ['import: names, as JSON', () => ['import', '-f', instrumentation(), '-o', 'json']],
  ['import: report', () => ['import', '-f', instrumentation(), '--output', `${join(dir, 'imported')}/`]],
  ['import: missing file', () => ['import', '-f', join(dir, EVIL)]],
  ['import: output', () => ['import', '-f', manifest(), '--output', EVIL]],
  ['uninject: names', () => ['uninject', '-f', manifest(), '--diff']],
  [
    'uninject: status',
    () => [
      'uninject',
      '--diff',
      '-f',
      file(
        'status.yaml',
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          ...pod(EVIL, {
            annotations: {
              'agent-injector.io/status': JSON.stringify({
                decision: 'injected',
                agents: [{ container: EVIL, profile: EVIL }],
              }),
            },
          }),
        }),
      ),
    ],
  ],
  ['explain: file', () => ['explain', '-f', manifest()]],
  ['explain: namespace', () => ['explain', '-f', manifest(), '--namespaces', namespaces()]],
  ['explain: JSON', () => ['explain', '-f', manifest(), '--namespaces', namespaces(), '-o', 'json']],
  ['explain: profile', () => ['explain', '-f', manifest(), '--profiles', profiles('acme'), '--profile', 'acme']],
  ['explain: review', () => ['explain', '--review', review()]],
  ['explain: broken review', () => ['explain', '--review', broken()]],
  ['explain: kind', () => ['explain', EVIL, ...cluster]],
  ['explain: cluster', () => ['explain', 'deploy/web', '-n', 'shop', ...cluster]],
  ['explain: pod of a cluster', () => ['explain', 'pod/web', '-n', 'shop', ...cluster]],
  ['explain: pod of a cluster, JSON', () => ['explain', 'pod/web', '-n', 'shop', ...cluster, '-o', 'json']],
  ['lint: name', () => ['lint', profiles()]],
  ['lint: texts', () => ['lint', '--strict', profiles('acme')]],
  ['lint: JSON', () => ['lint', '--strict', profiles(), '-o', 'json']],
  ['lint: broken file', () => ['lint', broken()]],
  ['lint: missing file', () => ['lint', join(dir, EVIL)]],
  ['image: name', () => ['image', EVIL]],
  ['image: missing file', () => ['image', `oci:${join(dir, EVIL)}`]],
  ['convert: names, file', () => ['convert', '--diff', earlierProfile()]],
  ['convert: broken file', () => ['convert', broken()]],
  ['convert: missing file', () => ['convert', join(dir, EVIL)]],
  ['profiles: list', () => ['profiles', '--profiles', profiles('acme')]],
  ['profiles: one', () => ['profiles', '--profiles', profiles('acme'), 'acme']],
  ['profiles: YAML', () => ['profiles', '--profiles', profiles('acme'), 'acme', '-o', 'yaml']],
  ['profiles: JSON', () => ['profiles', '--profiles', profiles('acme'), 'acme', '-o', 'json']],
  ['profiles: unknown', () => ['profiles', EVIL]],
  ['audit', () => ['audit', '-n', 'shop', ...cluster]],
  ['audit: JSON', () => ['audit', '-A', ...cluster, '-o', 'json']],
  ['audit: table', () => ['audit', '-A', ...cluster, '-o', 'wide']],
  ['status', () => ['status', '-n', 'shop', ...cluster]],
  ['status: JSON', () => ['status', '-A', ...cluster, '-o', 'json']],
  ['verify', () => ['verify', 'pod/web', '-n', 'shop', ...cluster]],
  ['verify: JSON', () => ['verify', 'pod/web', '-n', 'shop', ...cluster, '-o', 'json']],
  ['stop: reason', () => ['stop', '--reason', EVIL, '-n', EVIL, ...cluster]],
  ['start: profile', () => ['start', '--profile', EVIL, ...cluster]],
  ['breaker', () => ['breaker', EVIL, '-n', EVIL, ...cluster]],
  ['rollout: reason', () => ['rollout', 'plan', '--reason', EVIL, ...cluster]],
  ['rollout: window', () => ['rollout', 'run', '--window', EVIL, '--yes', ...cluster]],
  ['observe: option', () => ['observe', '--lease', EVIL]],
  ['plan', () => ['plan', '--label-namespace', 'plain', '--server-dry-run', ...cluster]],
  ['plan: JSON', () => ['plan', '--profile-file', join(profiles('acme'), 'acme.yaml'), '-A', ...cluster, '-o', 'json']],
  ['plan: broken file', () => ['plan', '--profile-file', broken()]],
  ['check', () => ['check', ...cluster]],
  ['check: JSON', () => ['check', ...cluster, '-o', 'json']],
  ['version', () => ['version', ...cluster]],
  ['dump', () => ['dump', ...cluster]],
  ['ui: missing file', () => ['ui', '--no-browser', '-f', join(dir, EVIL)]],
  ['ui: context', () => ['ui', '--no-browser', '--context', EVIL, ...cluster]],
  ['reasons', () => ['reasons', EVIL]],
  ['export: profile', () => ['export', 'policy', '--profile', EVIL, '--delivery', 'image']],
  ['export: delivery', () => ['export', 'policy', '--profile', 'jennifer-dotnet', '--delivery', EVIL]],
  [
    'export: value',
    () => ['export', 'policy', '--profile', 'jennifer-dotnet', '--delivery', 'image', '--param', `${EVIL}=x`],
  ],
  ['new', () => ['new', 'java', EVIL]],
  ['completion', () => ['completion', EVIL]],
  ['man', () => ['man', `--${EVIL}`]],
  ['image', () => ['image', EVIL]],
  ['__complete', () => ['__complete', '--', 'explain', ...cluster, '-n', '']],
  ['check: missing kubeconfig', () => ['check', '--kubeconfig', join(dir, EVIL)]],
  ['certs', () => ['certs', '--tls-secret', 'n/s', '--webhook-configuration', 'w', ...cluster]],
  ['certs: directory', () => ['certs', '--tls-dir', join(dir, EVIL)]],
  ['serve: option', () => ['serve', '--port', EVIL]],
  ['serve: profiles', () => ['serve', '--profiles', join(dir, EVIL), '--log-level', EVIL]],
  ['unknown flag', () => ['inject', '-f', manifest(), `--${EVIL}`]],
  ['unknown command', () => [EVIL]],
  ['unknown output', () => ['lint', '-o', EVIL]],
];

/** That the hostile text came through, not that the command failed before it saw any. */
const isQuoted = ({ stdout, stderr }: Ended): boolean => /\\u001b|add-path|\\u202e|\\U000e0041/.test(stdout + stderr);

describe('nothing that a command prints acts on a terminal or a CI log', () => {
  it('has a row for every command', () => {
    const tried = new Set(rows.map(([name]) => name.split(':', 1)[0]));
    expect(createProgram().commands.filter((command) => !tried.has(command.name()))).toEqual([]);
  });

  it.each(rows)('%s', async (_, args) => {
    const ended = await run(args());
    expect({ stdout: actsIn(ended.stdout), stderr: actsIn(ended.stderr) }).toEqual({ stdout: [], stderr: [] });
    expect(isQuoted(ended)).toBe(true);
  });
});

describe('data stays the same value', () => {
  it.each([
    ['yaml', parse],
    ['json', JSON.parse],
  ] as const)('in %s', async (format, read) => {
    const { stdout } = await run(['profiles', '--profiles', profiles('acme'), 'acme', '-o', format]);
    const value = (read as (text: string) => unknown)(stdout) as {
      description: string;
      environment: readonly { value: string }[];
    };
    expect({ description: value.description, value: value.environment[0]?.value }).toEqual({
      description: EVIL,
      value: EVIL,
    });
  });

  it.each([
    [
      'YAML',
      `# a\u202Eb\napiVersion: v1\nkind: Pod\nmetadata:\n  name: "a\u202Eb"\nspec:\n  containers:\n  - {name: a, image: "##[x]"}\n  - name: b\n    image: b\n`,
    ],
    [
      'JSON',
      JSON.stringify(
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'a\u202Eb' },
          spec: { containers: [{ name: 'b', image: '##[x]' }] },
        },
        null,
        '\t',
      ),
    ],
  ])('of a %s manifest, to the byte, and what inject adds is printable', async (_, text) => {
    const before = file('own.yaml', text);
    const injected = await run(['inject', '-f', before, '--profiles', profiles('acme'), '--profile', 'acme']);
    expect(injected.code).toBe(0);
    const own = new Set(text.split('\n').map((line) => line.replace(/,$/, '')));
    const added = injected.stdout.split('\n').filter((line) => !own.has(line.replace(/,$/, '')));
    expect(added.join('\n')).toContain('add-path');
    expect(actsIn(added.join('\n').replace('"##[x]"', ''))).toEqual([]);
    const [document] = parseAllDocuments(injected.stdout);
    expect(document?.toJS()).toMatchObject({
      spec: {
        containers: expect.arrayContaining([
          expect.objectContaining({
            env: expect.arrayContaining([{ name: 'A', value: EVIL }]),
          }),
        ]),
      },
    });
    const { stdout } = await run([
      'uninject',
      '-f',
      file('injected.yaml', injected.stdout),
      '--profiles',
      profiles('acme'),
    ]);
    expect(stdout).toBe(text);
  });
});
