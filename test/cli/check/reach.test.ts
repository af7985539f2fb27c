import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { checkReach } from '../../../src/cli/check/reach.ts';
import type { Sampled, Surroundings } from '../../../src/cli/check/world.ts';
import type { ApiResponse, KubeClient } from '../../../src/cluster/client/types.ts';
import type { Namespace } from '../../../src/kubernetes/namespace.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { catalogue, namespace, pod } from '../../support/fixtures.ts';

const refusal = (entry: string, text: string): ApiResponse => ({
  kind: 'http',
  status: 403,
  reason: 'Forbidden',
  message: `admission webhook "${entry}" denied the request: ${text}`,
  retryAfterMs: 0,
});
const record = '{"decision":"skipped","reason":"claim-unusable"}';
const answered = (annotations: JsonObject): ApiResponse => ({
  kind: 'ok',
  body: { metadata: { annotations }, spec: { containers: [{ name: 'app' }] } },
});
const recorded = answered({ 'agent-injector.io/status': record });

/** The API server answers the tries one after the other. */
async function reach(namespaces: readonly Namespace[], answers: readonly ApiResponse[]) {
  const left = [...answers];
  const asked: string[] = [];
  const sendJson: KubeClient['sendJson'] = async (path) => {
    asked.push(path);
    return left.shift() ?? { kind: 'aborted' };
  };
  // Nothing else is used.
  const client = { sendJson } as unknown as KubeClient;
  const sampled = namespaces.map((one): Sampled => ({
    namespace: one,
    isUndecided: false,
    ...admit(pod(), one, catalogue),
  }));
  const checks = await checkReach({ client } as unknown as Surroundings, sampled);
  return { asked: asked.length, check: checks[0] };
}

const shop = namespace({ 'domain-id': '7' });

describe('the check whether the server is reached', () => {
  it.each<[what: string, answers: readonly ApiResponse[], result: string, message: RegExp]>([
    ['an annotation', [recorded], 'ok', /skipped \(claim-unusable\)/],
    ['our own refusal', [refusal('required-pods.agent-injector.io', 'x')], 'ok', /by agent-injector itself/],
    ['no annotation', [answered({})], 'problem', /does not reach the server/],
    [
      'a failed call',
      [
        {
          kind: 'http',
          status: 500,
          reason: '',
          message: 'failed calling webhook "required-pods.agent-injector.io": x509',
          retryAfterMs: 0,
        },
      ],
      'problem',
      /x509/,
    ],
    ['the refusal of another, then an answer', [refusal('other.example.com', 'no'), recorded], 'ok', /annotation/],
    ['the refusal of another only', [refusal('other.example.com', 'no')], 'note', /something else/],
  ])('%s', async (_, answers, result, message) => {
    const { asked, check } = await reach(
      answers.map(() => shop),
      answers,
    );
    expect(check).toMatchObject({ result, message: expect.stringMatching(message) });
    expect(asked).toBe(answers.length);
  });

  it('tries no namespace whose answer would leave no trace', async () => {
    const { asked, check } = await reach([namespace({ inject: 'false' }), namespace({ profile: 'none' })], []);
    expect(asked).toBe(0);
    expect(check).toMatchObject({ result: 'note' });
  });
});
