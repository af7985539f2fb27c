import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonpatch from 'fast-json-patch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { admit } from '../../src/admission/admit.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Operation } from '../../src/lib/json-patch.ts';
import { decodePod, type Pod } from '../../src/kubernetes/pod.ts';
import { encodeReview } from '../../src/admission/review.ts';
import { toNamespace } from '../../src/cluster/caches/namespace-object.ts';
import { catalogueWith } from '../support/fixtures.ts';
import { reviewOf, startServer, type TestServer } from '../support/webhook-server.ts';

// A case is a folder: pod.yaml and, if need be, namespace.yaml and the cluster's defaults.yaml go in; answer.yaml and after.yaml come out, by the function and over HTTPS
// alike. `npx vitest run test/golden -u` writes what comes out.

const here = import.meta.dirname;
const cases = readdirSync(here, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const read = (...path: string[]): JsonObject => parse(readFileSync(join(here, ...path), 'utf8')) as JsonObject;

function namespaceFor(name: string): Namespace {
  const namespace = toNamespace(existsSync(join(here, name, 'namespace.yaml')) ? read(name, 'namespace.yaml') : read('namespace.yaml'));
  if (!namespace) throw new Error(`${name}: namespace.yaml is no Namespace`);
  return { ...namespace, name };
}

function catalogueFor(name: string): Catalogue {
  return catalogueWith(existsSync(join(here, name, 'defaults.yaml')) ? (read(name, 'defaults.yaml') as Record<string, string>) : {});
}

function podOf(object: JsonObject): Pod {
  const decoded = decodePod(object);
  if (!decoded.ok) throw new Error(`${decoded.error.path} must be ${decoded.error.expected}`);
  return decoded.value;
}

let server: TestServer;
let served = catalogueWith({});
beforeAll(async () => {
  server = await startServer({ namespaces: cases.map(namespaceFor), catalogue: () => served });
});
afterAll(() => server.close());

describe.each(cases)('%s', (name) => {
  const given = podOf(read(name, 'pod.yaml'));
  const catalogue = catalogueFor(name);
  const { decision, operations, pod: after } = admit(given, namespaceFor(name), catalogue);

  it('is decided as written down', async () => {
    const { response } = encodeReview('', decision, operations);
    const { patch: _, patchType: __, uid: ___, ...rest } = response as JsonObject;
    await expect(stringify({ ...rest, operations }, { lineWidth: 0 })).toMatchFileSnapshot(join(here, name, 'answer.yaml'));
    if (operations.length > 0) await expect(stringify(after, { lineWidth: 0 })).toMatchFileSnapshot(join(here, name, 'after.yaml'));
  });

  it('has no stale file', () => {
    const expected = ['answer.yaml', 'pod.yaml', ...(operations.length > 0 ? ['after.yaml'] : [])];
    // One that is missing is written at the end of the run, or fails above where nothing may be written (CI).
    expect(readdirSync(join(here, name)).filter((file) => ![...expected, 'namespace.yaml', 'defaults.yaml'].includes(file))).toEqual([]);
  });

  it('is answered alike over HTTPS', async () => {
    served = catalogue;
    const answer = await server.post(reviewOf(given, { namespace: name, uid: 'u' }));
    expect(answer.json).toEqual(JSON.parse(JSON.stringify(encodeReview('u', decision, operations))));
  });

  it('is what its patch makes of it, and stays so', () => {
    const patched: Pod = jsonpatch.applyPatch(structuredClone(given), structuredClone<Operation[]>([...operations]), true).newDocument;
    expect(patched).toEqual(after);
    expect(admit(patched, namespaceFor(name), catalogue).operations).toEqual([]);
  });
});
