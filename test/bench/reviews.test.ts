import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, templateOf } from './request-bytes.ts';
import { answerTo, recordedReview, reviewBodies } from './reviews.ts';

interface Review {
  readonly request: {
    readonly uid: string;
    readonly object: {
      readonly metadata: {
        readonly generateName: string;
        readonly labels: Readonly<Record<string, string>>;
        readonly ownerReferences: readonly { readonly uid: string; readonly name: string }[];
      };
      readonly spec: {
        readonly volumes: readonly { readonly name: string }[];
        readonly containers: readonly {
          readonly env?: unknown[];
          readonly volumeMounts: readonly { readonly name: string }[];
        }[];
      };
    };
  };
}

const bodies = reviewBodies();

/** The review in request number `count`. Asserts its Content-Length. */
const sent = (index: number, count: number, stranger = false): Review => {
  const body = bodies[index];
  if (!body) throw new Error('no such body');
  const template = templateOf(body, 8443);
  const { bytes, uid } = fill(template, Buffer.alloc(template.bytes.length + 100), count, stranger);
  const [head = '', json = ''] = bytes.toString().split('\r\n\r\n');
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(json)}`);
  const review = JSON.parse(json) as Review;
  expect(review.request.uid).toBe(uid);
  return review;
};

describe('the generated reviews', () => {
  it('are of 64 Deployments, and the first equals the recorded one except for the uid and the volume', () => {
    expect(new Set(bodies.map(({ json }) => json)).size).toBe(64);
    const { request } = sent(0, 1);
    const recorded = JSON.stringify(recordedReview().request);
    const suffix = request.object.spec.volumes[0]?.name.slice(-5) ?? '';
    expect(
      JSON.stringify(request).replaceAll(suffix, '6bd4m').replace(request.uid, '36bd2b26-4c53-4b50-a445-5821ce5d7a2c'),
    ).toBe(recorded);
  });

  it('each have a unique uid and volume name, and the pod mounts its volume', () => {
    const names = Array.from({ length: 1000 }, (_, count) => {
      const { spec } = sent(count % 64, count).request.object;
      expect(spec.containers[0]?.volumeMounts[0]?.name).toBe(spec.volumes[0]?.name);
      return spec.volumes[0]?.name;
    });
    expect(new Set(names).size).toBe(1000);
  });

  it('can each be of another ReplicaSet, with nothing else changed', () => {
    const hashes = [1, 2].map((count) => {
      const { metadata } = sent(5, count, true).request.object;
      const hash = metadata.labels['pod-template-hash'] ?? '';
      expect(metadata.generateName).toContain(`-${hash}-`);
      expect(metadata.ownerReferences[0]?.name).toContain(`-${hash}`);
      expect(JSON.stringify(sent(5, count, true)).replaceAll(hash, bodies[5]?.hash ?? '')).toBe(
        JSON.stringify(sent(5, count)),
      );
      return hash;
    });
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  it('have hashes as Kubernetes spells them: another one each time, without a common start', () => {
    const hashes = Array.from({ length: 1000 }, (_, count) => {
      const { metadata } = sent(5, count, true).request.object;
      return metadata.labels['pod-template-hash'] ?? '';
    });
    expect(new Set(hashes).size).toBe(1000);
    expect(new Set(hashes.map((hash) => hash.slice(0, 5))).size).toBeGreaterThan(900);
    for (const hash of hashes) expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
  });

  it('have one valid uid for each ReplicaSet', () => {
    const owners = bodies.map((_, index) => sent(index, index).request.object.metadata.ownerReferences[0]?.uid ?? '');
    expect(new Set(owners).size).toBe(64);
    for (const owner of owners) expect(owner).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('have patches that inject the agent, and that differ', () => {
    for (const { patch } of bodies) expect(Buffer.from(patch, 'base64').toString()).toContain('CORECLR_PROFILER_PATH');
    expect(new Set(bodies.map(({ patch }) => patch)).size).toBeGreaterThan(4);
    expect(answerTo(JSON.stringify(recordedReview())).patch).toBe(bodies[0]?.patch);
  });

  it('have the requested numbers of containers and variables', () => {
    const [body] = reviewBodies({ containers: 30, variables: 20 });
    const { containers } = (JSON.parse(body?.json ?? '') as Review).request.object.spec;
    expect(containers.map(({ env }) => env?.length)).toEqual(Array.from({ length: 30 }, () => 20));
    expect(body?.json.length).toBeGreaterThan(40_000);
  });
});

it('requests have the same head as those of kube-apiserver', () => {
  const [body] = bodies;
  const head = templateOf(body ?? { json: '', hash: '', patch: '' }, 8443)
    .bytes.toString()
    .split('\r\n\r\n')[0];
  expect(head).toMatch(/^POST \/mutate\?timeout=5s HTTP\/1\.1\r\nHost: /);
  expect(readFileSync(join(import.meta.dirname, 'floor-fastify.ts'), 'utf8')).toContain("'/mutate'");
});
