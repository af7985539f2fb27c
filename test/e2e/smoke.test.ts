import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Client, KubeObject } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { goldenFiles, normalise, staleFolders } from './golden.ts';
import { addsContainer, startRecorder, type AdmissionReview, type Recorder } from './recorder.ts';
import { waitUntil } from '../support/wait-for.ts';
import { registerWebhook, type RegisteredWebhook } from './webhook.ts';

const NAMESPACE = 'net-sample';
const recordedPath = new URL('recorded-sample.json', import.meta.url);
const expectGolden = goldenFiles(import.meta.url);

let controlPlane: ControlPlane;
let client: Client;
let recorder: Recorder;
let webhook: RegisteredWebhook;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  client = controlPlane.client;
  recorder = await startRecorder();
  webhook = await registerWebhook(client, { name: 'recorder', url: recorder.url, ca: recorder.ca });
  await client.createNamespace(NAMESPACE, { labels: { 'agent-injector.io/injection': 'enabled' } });
});
afterAll(async () => {
  await recorder?.stop();
  await controlPlane?.stop();
});

const sample = (): KubeObject => {
  const manifest = parse(readFileSync(new URL('sample-deployment.yaml', import.meta.url), 'utf8')) as KubeObject;
  return { ...manifest, metadata: { ...manifest.metadata, namespace: NAMESPACE } };
};
const deployment = { kind: 'Deployment', namespace: NAMESPACE, name: 'net-razor31-sample' };
const pods = async (): Promise<readonly KubeObject[]> => client.list({ kind: 'Pod', namespace: NAMESPACE });
const names = (value: KubeObject): readonly string[] =>
  (value['spec'] as { containers: { name: string }[] }).containers.map(({ name }) => name);
const pod = (name: string, labels: Record<string, string> = {}, namespace = NAMESPACE): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'app', image: 'app' }] },
});

describe('the API server', () => {
  test('calls the webhook for each pod of the sample Deployment', async () => {
    await client.create(sample());
    const [first] = await waitUntil(
      'one review',
      () => recorder.reviews(NAMESPACE),
      (reviews) => reviews.length === 1,
    );
    if (process.env['UPDATE_GOLDEN'] === '1' && !existsSync(recordedPath)) {
      writeFileSync(recordedPath, `${JSON.stringify(first, null, 2)}\n`);
    }
    const recorded = JSON.parse(readFileSync(recordedPath, 'utf8')) as AdmissionReview;
    expect(Object.keys(first?.request ?? {})).toEqual(Object.keys(recorded.request));
    expect(normalise(first?.request.object ?? {})).toBe(normalise(recorded.request.object));

    await client.scale(deployment, 3);
    await waitUntil(
      'three reviews',
      () => recorder.reviews(NAMESPACE),
      (reviews) => reviews.length === 3,
    );
    const created = await waitUntil('three pods', pods, (list) => list.length === 3);
    expect(new Set(created.map(normalise)).size).toBe(1);
    expectGolden('net-razor31-sample.yaml', normalise(created[0] ?? {}));
    expect(recorder.reviews(NAMESPACE)).toHaveLength(3);
  });

  test('does not call the webhook for a pod with the label "disabled", nor in a namespace without the label', async () => {
    recorder.clear();
    await client.createNamespace('plain');
    const before = await webhook.calls();
    await client.create(pod('disabled', { 'agent-injector.io/injection': 'disabled' }));
    await client.create(pod('plain', {}, 'plain'));
    await client.create(pod('asked'), { dryRun: true });
    expect(recorder.reviews().map((review) => review.request.object.metadata?.name)).toEqual(['asked']);
    expect(await webhook.calls()).toBe(before + 1);
    expect(await client.find({ kind: 'Pod', namespace: NAMESPACE, name: 'asked' })).toBeUndefined();
  });

  test('calls the webhook again after a second webhook has added a container', async () => {
    const second = await startRecorder({ patch: addsContainer({ name: 'sidecar', image: 'sidecar' }) });
    const registered = await registerWebhook(client, { name: 'zz-sidecar', url: second.url, ca: second.ca });
    recorder.clear();
    const { object } = await client.create(pod('extended'));
    expect(names(object)).toEqual(['app', 'sidecar']);
    expect(recorder.reviews(NAMESPACE).map((review) => names(review.request.object))).toEqual([
      ['app'],
      ['app', 'sidecar'],
    ]);
    await registered.remove();
    await second.stop();
    expect(names((await client.create(pod('extended-no-more'))).object)).toEqual(['app']);
  });

  test('returns its own warnings and refusals', async () => {
    const old = {
      ...pod('warned'),
      spec: { ...(pod('warned')['spec'] as object), nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    };
    const { warnings } = await client.create(old, { dryRun: true });
    expect(warnings).toEqual([expect.stringContaining('use "kubernetes.io/os" instead')]);
    await expect(client.create({ ...pod('refused'), spec: { containers: [] } })).rejects.toMatchObject({
      status: 422,
      reason: 'Invalid',
      message: expect.stringContaining('spec.containers: Required value'),
    });
  });

  test('keeps its objects over a restart', async () => {
    await controlPlane.stopApiServer();
    await expect(client.get(deployment)).rejects.toThrow('ECONNREFUSED');
    await controlPlane.startApiServer();
    recorder.clear();
    await client.scale(deployment, 4);
    await waitUntil(
      'a fourth pod',
      pods,
      (list) => list.filter(({ metadata }) => metadata?.labels?.['app']).length === 4,
    );
    expect(recorder.reviews(NAMESPACE)).toHaveLength(1);
  });
});

test('every folder of golden files has its test file', () => {
  expect(staleFolders(new URL('.', import.meta.url).pathname)).toEqual([]);
});
