import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/diagnostics/checks/check.ts';
import { chart, only, render } from '../support/chart.ts';
import { objectIn, objectsIn, type JsonObject } from '../../src/lib/json.ts';
import type { KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { helm, run } from '../support/deploy-tools.ts';
import { type Injector, startInjector } from '../support/injector.ts';
import { optedIn, ours } from '../support/injected-cluster.ts';
import { claimIn, instrumented, type Pod, podOf } from '../support/pod.ts';
import { run as runProgram } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { installedConfiguration } from './installed-entries.ts';

// Several releases on a real API server.

describe.skipIf(helm === undefined)('a cluster with a release', () => {
  let controlPlane: ControlPlane;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'agent-injector-releases-'));
    controlPlane = await startControlPlane({ dir });
  });
  afterAll(async () => {
    await controlPlane?.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const kind = 'MutatingWebhookConfiguration';
  afterEach(async () => {
    const { client } = controlPlane;
    for (const { metadata } of await client.list({ kind })) await client.delete({ kind, name: metadata?.name });
  });

  const configuration = (release: string, ...sets: readonly string[]): KubeObject =>
    only(render('default', { release, args: setArgs(sets) }), kind);
  const setArgs = (sets: readonly string[]): readonly string[] => sets.flatMap((set) => ['--set', set]);

  /** What helm says to a new release; nothing is stored. */
  const install = (...sets: readonly string[]): { readonly code: number | null; readonly text: string } => {
    const args = ['install', 'second', chart, '--namespace', 'second', '--create-namespace', '--dry-run=server'];
    const env = {
      ...process.env,
      KUBECONFIG: controlPlane.kubeconfigPath,
      HELM_CACHE_HOME: dir,
      HELM_CONFIG_HOME: dir,
    };
    const { code, stdout, stderr } = run(helm ?? '', [...args, ...setArgs(sets)], { env });
    return { code, text: code === 0 ? stdout : stderr };
  };

  it('takes another one only for other namespaces, unless helm is not to look', { timeout: 120_000 }, async () => {
    expect(install().code).toBe(0);
    await controlPlane.client.create(configuration('first'));
    const refused = install();
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain('first-agent-injector');
    expect(install('installChecks=false').code).toBe(0);
    expect(install('revision=canary').code).toBe(0);
    await controlPlane.client.create(configuration('next', 'revision=canary'));
    expect(install('revision=canary').text).toContain('next-agent-injector');
    expect(install('revision=third').code).toBe(0);
  });

  it('takes another one next to entries for other labels, and for other products', { timeout: 60_000 }, async () => {
    const first = configuration('first') as KubeObject & { webhooks: { name: string; namespaceSelector: object }[] };
    const others = first.webhooks.map((entry, index) =>
      index % 2 === 0
        ? { ...entry, name: `${index}.example.com` }
        : { ...entry, namespaceSelector: { matchLabels: { team: 'a' } } },
    );
    await controlPlane.client.create({ ...first, webhooks: others });
    expect(install().code).toBe(0);
  });

  it('is asked by helm whether the namespace enforces Pod Security', { timeout: 60_000 }, async () => {
    const key = 'pod-security.kubernetes.io/enforce';
    expect(install().text).toContain(key);
    await controlPlane.client.createNamespace('second', { labels: { [key]: 'restricted' } });
    expect(install().text).not.toContain(key);
  });

  it('and another one for the same namespaces has a problem that check names', { timeout: 60_000 }, async () => {
    const releases = async (): Promise<readonly Check[]> => {
      const { stdout } = await runProgram(['check', '-o', 'json', '--kubeconfig', controlPlane.kubeconfigPath]);
      return (JSON.parse(stdout) as { checks: readonly Check[] }).checks;
    };
    const of = (checks: readonly Check[], name: string) => checks.filter((one) => one.name === name);
    await controlPlane.client.create(configuration('first'));
    const before = await releases();
    expect(of(before, 'releases')).toMatchObject([{ result: 'ok' }]);
    expect(of(before, 'API server')).toMatchObject([{ result: 'note' }]);
    await controlPlane.client.create(configuration('other'));
    expect(of(await releases(), 'releases')).toMatchObject([
      { result: 'problem', message: expect.stringContaining('zz-first-agent-injector and zz-other-agent-injector') },
    ]);
  });
});

describe('two releases with a revision each, or none', () => {
  let controlPlane: ControlPlane;
  const injectors: Injector[] = [];
  beforeAll(async () => {
    controlPlane = await startControlPlane();
    for (const revision of [undefined, 'canary']) {
      const { kubeconfigPath, client } = controlPlane;
      const injector = await startInjector({ kubeconfigPath, ...(revision !== undefined && { flags: { revision } }) });
      injectors.push(injector);
      await injector.ready();
      const configuration = installedConfiguration(injector, (entries) =>
        entries.map((one) => forRevision(one, revision)),
      );
      await client.create({ ...configuration, metadata: { name: revision ?? 'stable' } });
    }
  });
  afterAll(async () => {
    for (const injector of injectors) await injector.stop();
    await controlPlane?.stop();
  });

  /** What the chart makes of an entry. */
  function forRevision(entry: JsonObject, revision: string | undefined): JsonObject {
    const key = 'agent-injector.io/revision';
    const expressions = objectsIn(objectIn(entry, 'namespaceSelector'), 'matchExpressions').map((one) =>
      one['key'] === key && revision !== undefined ? { key, operator: 'In', values: [revision] } : one,
    );
    return { ...entry, namespaceSelector: { matchExpressions: expressions } };
  }

  /** The outcome at each release for a pod of a new namespace, and whether the pod has the agent. */
  async function decided(namespace: string, revision?: string): Promise<readonly unknown[]> {
    const { client } = controlPlane;
    const { labels, annotations } = optedIn();
    const own = revision === undefined ? labels : { ...labels, ...ours({ revision }) };
    await client.createNamespace(namespace, { labels: own, annotations });
    await client.create(claimIn(namespace));
    const { object } = await client.create<Pod>(podOf(namespace, 'app'));
    const decisions = await Promise.all(injectors.map((one) => one.decisions(namespace)));
    return [...decisions.map((lines) => lines.map(({ outcome }) => outcome)), instrumented(object)];
  }

  it('each is called for its own namespaces, and injects there', { timeout: 120_000 }, async () => {
    // The API server applies a configuration some time after it has stored it.
    let attempt = 0;
    await waitFor('both releases to be called', async () => {
      attempt += 1;
      const plain = await decided(`warm-plain-${attempt}`);
      const canary = await decided(`warm-canary-${attempt}`, 'canary');
      return JSON.stringify([plain[0], canary[1]]) === '[["injected"],["injected"]]';
    });
    expect(await decided('plain')).toEqual([['injected'], [], ['app']]);
    expect(await decided('next', 'canary')).toEqual([[], ['injected'], ['app']]);
    expect(await decided('lost', 'cannary')).toEqual([[], [], []]);
  });

  it('and one that is called for the namespaces of the other leaves its pods alone', { timeout: 60_000 }, async () => {
    const [first, second] = injectors;
    if (!first || !second) throw new Error('two are started');
    const given = podOf('plain', 'other');
    const { patch } = await first.review('plain', given);
    expect(patch).not.toEqual([]);
    expect((await second.review('plain', given)).patch).toEqual([]);
    expect((await second.decisions('plain')).map(({ reason }) => reason)).toEqual(['other-revision']);
  });
});
