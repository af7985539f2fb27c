import { expect, it } from 'vitest';
import { createAsDryRun, dryRunText, isFailedCall } from '../../../src/cli/cluster/dry-run.ts';
import type { ApiResponse, KubeClient } from '../../../src/cluster/client/types.ts';
import { isObject, type Json, objectIn } from '../../../src/lib/json.ts';
import { container, pod } from '../../support/fixtures.ts';

const tried = { namespace: 'shop', original: pod([container('app')]), changed: pod([container('app')]) };

const refused = (message: string): ApiResponse => ({ kind: 'http', status: 500, reason: '', message, retryAfterMs: 0 });
const unanswered = refused('Internal error occurred: failed calling webhook "required-pods.agent-injector.io": EOF');
const denied = refused('admission webhook "required-pods.agent-injector.io" denied the request: missing-parameter');

/** An API server with a webhook: pods that are opted out of it are accepted, others get its answer. */
function withWebhook(answer: ApiResponse): KubeClient {
  const sendJson: KubeClient['sendJson'] = async (_, { body }) =>
    isOptedOut(body) ? { kind: 'ok', body: {} } : answer;
  // Nothing else is used.
  return { sendJson } as unknown as KubeClient;
}

function isOptedOut(body: Json): boolean {
  const labels = isObject(body) ? objectIn(objectIn(body, 'metadata'), 'labels') : {};
  return labels['agent-injector.io/injection'] === 'disabled';
}

it.each<[what: string, answer: ApiResponse, explain: string, plan: string]>([
  ['answers', { kind: 'ok', body: {} }, 'ok', 'ok'],
  ['does not answer, and must', unanswered, 'http', 'http'],
  // What a namespace lacks now is what a plan may add.
  ['denies the pod as it is', denied, 'http', 'ok'],
])('a webhook that %s', async (_, answer, explain, plan) => {
  expect((await createAsDryRun(withWebhook(answer), tried, () => true)).kind).toBe(explain);
  expect((await createAsDryRun(withWebhook(answer), tried, isFailedCall)).kind).toBe(plan);
});

it('an accepted pod without a record tells that no server has answered', async () => {
  const made = (annotations: object): ApiResponse => ({
    kind: 'ok',
    body: { metadata: { annotations: { ...annotations } }, spec: { containers: [{ name: 'app' }] } },
  });
  const textOf = async (answer: ApiResponse): Promise<string> =>
    dryRunText(await createAsDryRun(withWebhook(answer), tried, () => true));
  const status = { decision: 'injected', containers: [] };
  expect(await textOf(made({ 'agent-injector.io/status': JSON.stringify(status) }))).toBe('accepted');
  expect(await textOf(made({}))).toMatch(/^accepted without an agent: /);
  expect(await textOf(denied)).toMatch(/^refused: /);
});
