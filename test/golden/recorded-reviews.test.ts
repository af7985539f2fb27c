import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import jsonpatch from 'fast-json-patch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Operation } from '../../src/lib/json-patch.ts';
import { type Container, decodePod, type Pod } from '../../src/kubernetes/pod.ts';
import { decodeReview, encodeReview } from '../../src/admission/review.ts';
import { catalogue, namespace } from '../support/fixtures.ts';
import { patchIn, startServer, type TestServer } from '../support/webhook-server.ts';

// Reviews that a real API server sent, of pods of public example applications, many of them already injected by a service mesh. They are
// not part of the project; where they lie beside it, each must hold the rules.

interface Recorded {
  readonly request: {
    readonly uid: string;
    readonly namespace: string;
    readonly operation: string;
    readonly object: JsonObject & Pod;
  };
}

const MAX_ANSWER_LENGTH = 8 * 1024;
const folder = fileURLToPath(new URL('../../../shared/reviews', import.meta.url));
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
if (files.length === 0) console.log(`recorded reviews: not run, there are none in ${folder}`);

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const read = (file: string): Recorded => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Recorded;
// One of the pods has an Alpine image, where the profile would rightly not go.
const within = (name: string): Namespace => ({ ...namespace({ libc: 'glibc' }), name });

let server: TestServer;
beforeAll(async () => {
  const names = new Set(files.map((file) => read(file).request.namespace));
  server = await startServer({ namespaces: [...names].map(within) });
});
afterAll(() => server.close());

/** Everything stands where it stood, with its value; lists may have grown at their ends, objects by new keys. */
function expectSurvives(before: unknown, after: unknown, path = ''): void {
  if (Array.isArray(before)) {
    before.forEach((value, index) => expectSurvives(value, (after as unknown[])[index], `${path}/${index}`));
  } else if (typeof before === 'object' && before !== null) {
    for (const [key, value] of Object.entries(before)) {
      expectSurvives(value, (after as Record<string, unknown>)[key], `${path}/${key}`);
    }
  } else {
    expect(after, path).toBe(before);
  }
}

const isMesh = ({ name }: Container): boolean => /^(istio|linkerd)-/.test(name);
const isInstrumented = (container: Container): boolean =>
  (container.env ?? []).some(({ name }) => name === 'CORECLR_PROFILER');

const isCreation = (file: string): boolean => read(file).request.operation === 'CREATE';

describe.skipIf(files.length === 0)('recorded reviews', () => {
  it('are mostly creations', () => {
    expect(files.filter(isCreation).length).toBeGreaterThan(files.length / 2);
  });

  it.each(files.filter((file) => !isCreation(file)))('%s is no creation, so its pod stays as it is', async (file) => {
    const review = read(file);
    const { uid } = review.request;
    const warnings = [expect.stringContaining('not injected: not-a-creation: ')];
    expect((await server.post(review)).json.response).toMatchObject({ uid, allowed: true, warnings });
  });

  describe.each(files.filter(isCreation))('%s', (file) => {
    const review = read(file);
    const { request } = review;

    it('is answered alike by the function and over HTTPS, briefly, and its patch applies', async () => {
      const answer = await server.post(review);
      expect(answer.status).toBe(200);
      expect(Buffer.byteLength(answer.text)).toBeLessThan(MAX_ANSWER_LENGTH);
      const decoded = decodeReview(copy(review) as unknown as Json);
      if (decoded.kind !== 'review') throw new Error(`decoded as ${decoded.kind}`);
      const { decision, operations, pod } = admit(decoded.review.pod, within(request.namespace), catalogue);
      expect(decision.outcome).toBe('injected');
      expect(answer.json).toEqual(copy(encodeReview(request.uid, decision, operations)));
      expect(answer.json.response.warnings).toBeUndefined();
      const patched = jsonpatch.applyPatch(copy(request.object), patchIn(answer) as Operation[], true).newDocument;
      expect(patched).toEqual(copy(pod));
    });

    it('keeps what was there, and has nothing to add the second time', async () => {
      const answer = await server.post(review);
      const patched = jsonpatch.applyPatch(copy(request.object), patchIn(answer) as Operation[]).newDocument;
      expectSurvives(request.object, patched);
      const containers = [...patched.spec.containers, ...(patched.spec.initContainers ?? [])];
      expect(containers.filter(isInstrumented)).toEqual(
        patched.spec.containers.filter((container) => !isMesh(container)),
      );

      const again = await server.post({ ...review, request: { ...request, object: patched } });
      expect(again.json.response).toEqual({ uid: request.uid, allowed: true });
      const decodedPod = decodePod(patched);
      if (!decodedPod.ok) throw new Error(decodedPod.error.path);
      expect(admit(decodedPod.value, within(request.namespace), catalogue).operations).toEqual([]);
    });
  });
});
