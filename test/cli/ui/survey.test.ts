import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { ApiResponse, PodClient } from '../../../src/cluster/client/types.ts';
import { survey } from '../../../src/cli/ui/survey.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { optedIn } from '../../support/injected-cluster.ts';
import { claimIn } from '../../support/pod.ts';
import { readingClient } from '../../support/reading-client.ts';
import { carrying } from '../../support/twelve-mistakes.ts';

// What the overview of a large cluster costs, other than the API server: workloads of one pod each in 100 namespaces. One in ten has no agent.
// WORKLOADS=10000 measures what docs/ui.md says.

const WORKLOADS = Number(process.env['WORKLOADS'] ?? 2000);
const NAMESPACES = 100;

const MEBIBYTE = 1024 * 1024;

function podAt(index: number, template: JsonObject, plain: JsonObject): JsonObject {
  const name = `web-${index}`;
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-5d4f`, uid: 'u', controller: true };
  const base = index % 10 === 0 ? plain : template;
  const metadata = {
    ...(base['metadata'] as JsonObject),
    name: `${name}-5d4f-x`,
    namespace: `team-${index % NAMESPACES}`,
    ownerReferences: [owner],
    creationTimestamp: '2026-11-30T00:00:00Z',
  };
  const labels = { ...((metadata as JsonObject)['labels'] as JsonObject), 'pod-template-hash': '5d4f' };
  return { ...base, metadata: { ...metadata, labels }, status: { phase: 'Running' } };
}

/** Makes each pod as it is read, as an API server's answer is: none is kept here. */
function largeCluster(): PodClient {
  const template = carrying('shop', 'web') as unknown as JsonObject;
  const plain = { metadata: {}, spec: { containers: [{ name: 'app', image: 'app:1' }] } };
  const namespaces = Array.from({ length: NAMESPACES }, (_, index) => ({
    metadata: { name: `team-${index}`, ...optedIn() },
  }));
  const claims = namespaces.map(({ metadata: { name } }) => claimIn(name) as unknown as JsonObject);
  const answer = (path: string): ApiResponse => ({
    kind: 'ok',
    body: {
      gitVersion: 'v1.36.0',
      metadata: { resourceVersion: '1' },
      items: path === '/api/v1/namespaces' ? namespaces : path.endsWith('/persistentvolumeclaims') ? claims : [],
    },
  });
  const reading = readingClient(answer);
  const unused = (): never => {
    throw new Error('only read');
  };
  return {
    ...reading,
    getItems: async (path, options) => {
      if (!path.startsWith('/api/v1/pods')) return reading.getItems(path, options);
      const from = Number(new URL(path, 'http://x').searchParams.get('continue') ?? 0);
      const end = Math.min(from + 500, WORKLOADS);
      for (let index = from; index < end; index++) await options.onItem(podAt(index, template, plain));
      return {
        kind: 'ok',
        body: { metadata: { resourceVersion: '1', ...(end < WORKLOADS && { continue: String(end) }) } },
      };
    },
    getText: unused,
    exec: unused,
  };
}

it('the overview of many workloads is made in time, and is small enough to send', async () => {
  const scope = { namespace: '', allNamespaces: true };
  const heapBefore = process.memoryUsage().heapUsed;
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const { overview } = await survey(largeCluster(), scope);
  const ms = performance.now() - began;
  const cpu = process.cpuUsage(cpuBefore).user / 1000;
  const json = JSON.stringify(overview);
  const packed = gzipSync(json, { level: 1 }).length;
  const heap = (process.memoryUsage().heapUsed - heapBefore) / MEBIBYTE;
  if (process.env['WORKLOADS'] !== undefined)
    process.stdout.write(
      `${Math.round(ms)} ms, ${Math.round(cpu)} ms of CPU, ${json.length} bytes, ${packed} packed, ${Math.round(heap)} MiB of heap\n`,
    );
  expect(overview.workloads).toHaveLength(WORKLOADS);
  expect(overview.needs.map(({ affected }) => affected.length)).toContain(WORKLOADS / 10);
  expect(json.length / WORKLOADS).toBeLessThan(800);
  expect(packed).toBeLessThan(MEBIBYTE);
  // Measured: 0.8 ms for each.
  expect(cpu / WORKLOADS).toBeLessThan(8);
}, 120_000);
