import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../support/chart.ts';
import { run } from '../support/deploy-tools.ts';

// The release workflow has never run: here is what can be said of it without GitHub. And what Renovate is told to keep up to date.

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}

const text = readFileSync(join(root, '.github/workflows/release.yaml'), 'utf8');
const workflow = parse(text) as { readonly permissions: object; readonly jobs: Readonly<Record<string, Job>> };
const jobs = Object.entries(workflow.jobs);
const steps = jobs.flatMap(([, job]) => job.steps);
const version = readFileSync(join(root, '.node-version'), 'utf8').trim();

it('the chart has an icon: the picture in docs/pictures', () => {
  const icon = readFileSync(join(root, 'docs/pictures/icon.svg')).toString('base64');
  const chart = parse(readFileSync(join(root, 'deploy/helm/agent-injector/Chart.yaml'), 'utf8')) as { icon: string };
  expect(chart.icon).toBe(`data:image/svg+xml;base64,${icon}`);
});

describe('the release workflow', () => {
  it('says that it was never run', () => expect(text).toContain('WRITTEN, NOT RUN'));

  it('has every action by its commit, with the version beside it', () => {
    const uses = [...text.matchAll(/uses: (.*)/g)].map(([, used = '']) => used);
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    for (const used of uses) expect(used).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('gives each job what it needs: nothing by default, and only the publishing ones may write and sign', () => {
    expect(workflow.permissions).toEqual({});
    const publishing = { contents: 'read', packages: 'write', 'id-token': 'write', attestations: 'write' };
    expect(Object.fromEntries(jobs.map(([name, { permissions }]) => [name, permissions]))).toEqual({
      verify: { contents: 'read' },
      image: publishing,
      chart: publishing,
      packages: { contents: 'write', 'id-token': 'write', attestations: 'write' },
    });
    for (const [name, job] of jobs) expect(job['timeout-minutes'], name).toBeLessThanOrEqual(60);
  });

  it('leaves no token in the working tree, and puts no expression into a script', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts).toHaveLength(jobs.length);
    for (const checkout of checkouts) expect(checkout.with).toEqual({ 'persist-credentials': false });
    expect(steps.filter((step) => step.run?.includes('${{'))).toEqual([]);
  });

  it('gives the chart the address of the repository wherever it is packaged', () => {
    const packaging = steps.filter(({ run: script = '' }) => /helm package|npm run package/.test(script));
    expect(packaging).toHaveLength(2);
    for (const { run: script = '' } of packaging)
      expect(script).toMatch(/home: .*sources: .*>> deploy\/helm\/agent-injector\/Chart\.yaml/);
  });

  it('audits and tests before anything is published; signs, and attests provenance and SBOM of what it published', () => {
    expect(workflow.jobs['verify']?.steps.map((step) => step.run)).toEqual(
      expect.arrayContaining(['npm ci', 'npm run audit', 'npm run check']),
    );
    const commands = steps.map((step) => step.run ?? '').join('\n');
    expect(commands.match(/cosign sign --yes "[^"]+@\$DIGEST"/g)).toHaveLength(2);
    const attested = steps.filter(({ uses }) => uses?.startsWith('actions/attest@')).map((step) => step.with);
    expect(attested.map((one) => one?.['sbom-path'])).toEqual([undefined, 'dist/sbom.cdx.json', undefined, undefined]);
  });

  const digest = `@sha256:${'a'.repeat(64)}`;
  const base = `gcr.io/distroless/cc-debian12:nonroot${digest}`;
  const node = `node:${version}-bookworm-slim${digest}`;
  it.each([
    ['both by digest', node, base, 0],
    ['no image', '', '', 1],
    ['Node.js by a tag', `node:${version}-bookworm-slim`, base, 1],
    ['the base by a tag', node, 'gcr.io/distroless/cc-debian12:nonroot', 1],
    ['a short digest', node, base.slice(0, -1), 1],
    ['another Node.js', `node:24.11.0-bookworm-slim${digest}`, base, 1],
  ])('refuses base images without a digest: %s', (_, nodeImage, runtimeImage, code) => {
    const script = steps.find(({ id }) => id === 'digests')?.run ?? 'exit 9';
    const env = { ...process.env, NODE_IMAGE: nodeImage, RUNTIME_IMAGE: runtimeImage };
    expect(run('bash', ['-e', '-c', script], { cwd: root, env }).code).toBe(code);
  });

  it('refuses a tag that is not the version of package and chart', () => {
    const script = steps.find(({ id }) => id === 'version')?.run ?? 'exit 9';
    const { version: own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const codeOf = (tag: string) =>
      run('bash', ['-e', '-c', script], { cwd: root, env: { ...process.env, TAG: tag } }).code;
    expect([codeOf(`v${own}`), codeOf('v9.9.9'), codeOf(own)]).toEqual([0, 1, 1]);
  });

  it('finds the lines of values.yaml that it replaces', () => {
    const values = readFileSync(join(root, 'deploy/helm/agent-injector/values.yaml'), 'utf8').split('\n');
    expect(values.filter((line) => line === '  repository: agent-injector' || line === '  digest: ""')).toHaveLength(2);
  });
});

describe('renovate.json', () => {
  const renovate = JSON.parse(readFileSync(join(root, 'renovate.json'), 'utf8')) as {
    readonly enabledManagers: readonly string[];
    readonly ignorePaths: readonly string[];
    readonly customManagers: readonly { readonly matchStrings: readonly string[] }[];
  };

  it('covers packages, the Dockerfile, Go modules of test tools, actions and the Node.js of CI', () => {
    expect(renovate.enabledManagers).toEqual(
      expect.arrayContaining(['npm', 'dockerfile', 'gomod', 'github-actions', 'nodenv', 'custom.regex']),
    );
    // The preset leaves out test/, where the Go modules are.
    expect(renovate.ignorePaths).toEqual(['**/node_modules/**']);
    const pattern = new RegExp(renovate.customManagers[0]?.matchStrings[0] ?? '');
    expect(pattern.exec(readFileSync(join(root, '.ci/run'), 'utf8'))?.groups?.['currentValue']).toBe(version);
  });
});
