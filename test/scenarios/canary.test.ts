import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'node:https';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { admitInContext } from '../../src/admission/admit.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import { FREE_PORTS } from '../support/built.ts';
import { catalogueWith, container, namespace, pod } from '../support/fixtures.ts';
import { run, start } from '../support/process.ts';
import { reviewText } from '../support/reviews.ts';
import { startServer } from '../support/webhook-server.ts';

// A canary in what remembers and in what only looks: the caches of a server, two servers, and the commands.

const WORKLOADS = 1000;
const workloads = Array.from({ length: WORKLOADS }, (_, index) => `service-${index}`);

/** Pods of one template, of another workload each. */
function ofWorkload(name: string, hash = '5c589866c8'): Pod {
  const ownerReferences = [{ kind: 'ReplicaSet', name: `${name}-${hash}`, controller: true }];
  const labels = { 'pod-template-hash': hash };
  return { ...pod([container('app')]), metadata: { generateName: `${name}-${hash}-`, labels, ownerReferences } };
}

const within = namespace({ canary: '10' });
const known = catalogueWith({});

function expected(): readonly string[] {
  const context = { namespace: within, catalogue: known, cluster: unknownCluster };
  return workloads.filter(
    (name) => admitInContext({ ...context, pod: ofWorkload(name) }).decision.outcome === 'injected',
  );
}

describe('two workloads with the same template do not share the decision of a canary', () => {
  it('in compiled decisions', () => {
    const plans = new PlanCache();
    const context = { namespace: within, catalogue: known, cluster: unknownCluster };
    const decided = (): readonly string[] =>
      workloads.filter((name) => plans.admit({ ...context, pod: ofWorkload(name) }).decision.outcome === 'injected');
    expect(decided()).toEqual(expected());
    expect(decided()).toEqual(expected());
  });

  it('in remembered answers', async () => {
    const server = await startServer({ namespaces: [within], catalogue: () => known });
    const some = workloads.slice(0, 60);
    const injected: string[][] = [];
    // The first review of a template is decided, the second is stored, and the third is answered from memory.
    for (const round of [0, 1, 2]) {
      const found: string[] = [];
      for (const name of some) {
        const text = reviewText('shop', ofWorkload(name), `705ab4f5-6393-11e8-b7cc-42010a80000${round}`);
        const { json } = await server.post(text);
        const { patch = '' } = json.response as { patch?: string };
        if (Buffer.from(patch, 'base64').toString().includes('ARIES_')) found.push(name);
      }
      injected.push(found);
    }
    await server.close();
    const right = expected().filter((name) => some.includes(name));
    expect(right.length).toBeGreaterThan(0);
    expect(injected).toEqual([right, right, right]);
  });
});

describe('two servers', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'agent-injector-canary-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const namespaceFile = async (canary: string): Promise<string> => {
    const path = join(dir, `namespaces-${canary}.yaml`);
    const { labels, annotations } = namespace({ canary });
    const metadata = { name: 'shop', labels, annotations };
    await writeFile(path, stringify({ apiVersion: 'v1', kind: 'Namespace', metadata }));
    return path;
  };

  /** The workloads of which a process of its own injects the pods. */
  async function injectedBy(tls: string, namespaces: string): Promise<readonly string[]> {
    const args = ['--namespaces', namespaces, ...FREE_PORTS, '--drain-seconds', '0', '--tls-dir', join(dir, tls)];
    const server = start(['serve', ...args]);
    const { msg } = await server.logged((line) => String(line['msg']).startsWith('webhook port is open'));
    const { port } = await server.logged((line) => line['msg'] === msg);
    const ca = await readFile(join(dir, tls, 'ca.crt'), 'utf8');
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const asked = await Promise.all(
      workloads.map(async (name) => {
        const patch = await ask({ port: Number(port), ca, agent }, reviewText('shop', ofWorkload(name), 'a-1'));
        return { name, isInjected: patch.includes('ARIES_') };
      }),
    );
    agent.destroy();
    server.child.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
    return asked.filter(({ isInjected }) => isInjected).map(({ name }) => name);
  }

  function ask(
    to: { readonly port: number; readonly ca: string; readonly agent: Agent },
    body: string,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const target = { host: 'localhost', family: 4, path: '/mutate', method: 'POST', headers, ...to };
      request(target, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => {
          const answer = JSON.parse(text) as { readonly response: { readonly patch?: string } };
          resolve(Buffer.from(answer.response.patch ?? '', 'base64').toString());
        });
      })
        .on('error', reject)
        .end(body);
    });
  }

  it('choose the same 10% of 1,000 workloads, and 20% contains them', { timeout: 120_000 }, async () => {
    const [ten, twenty] = await Promise.all([namespaceFile('10'), namespaceFile('20')]);
    const [one, other] = await Promise.all([injectedBy('one', ten), injectedBy('other', ten)]);
    const more = await injectedBy('one', twenty);
    console.log(`canary: ${one.length} of ${WORKLOADS} workloads at 10%, ${more.length} at 20%`);
    expect(one.length).toBeGreaterThanOrEqual(70);
    expect(one.length).toBeLessThanOrEqual(130);
    expect(other).toEqual(one);
    expect(one).toEqual(expected());
    expect(more).toEqual(expect.arrayContaining([...one]));
    expect(more.length).toBeGreaterThanOrEqual(170);
    expect(more.length).toBeLessThanOrEqual(230);
  });

  it('decide as inject and explain do on files, whatever the kind of the workload', async () => {
    const namespaces = await namespaceFile('10');
    const some = workloads.slice(0, 60);
    const documents = some.map((name) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'shop' },
      spec: {
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [container('app')] } },
      },
    }));
    const stdin = documents.map((one) => stringify(one)).join('---\n');
    const injected = await run(['inject', '-f', '-', '--namespaces', namespaces], { stdin });
    const right = expected().filter((name) => some.includes(name));
    const changed = injected.stdout.split('---\n').filter((text) => text.includes('ARIES_'));
    expect(changed.map((text) => /^ {2}name: (\S+)/m.exec(text)?.[1])).toEqual(right);
    const explained = await run(['explain', '-f', '-', '--namespaces', namespaces, '-o', 'json'], { stdin });
    const { explained: results } = JSON.parse(explained.stdout) as {
      readonly explained: readonly {
        readonly subject: string;
        readonly decision: { readonly outcome: string; readonly reason?: { readonly code: string } };
      }[];
    };
    const outcomes = new Map(results.map(({ subject, decision }) => [subject.split('/')[1], decision]));
    for (const name of some)
      expect(outcomes.get(name)).toMatchObject(
        right.includes(name) ? { outcome: 'injected' } : { reason: { code: 'outside-canary' } },
      );
  });
});
