import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withRequiredFields } from '../support/acceptable-pod.ts';
import { pods } from '../support/generated-pod.ts';
import { ApiError, type Client } from '../support/client.ts';
import { optedIn, startInjectedCluster, type InjectedCluster } from '../support/injected-cluster.ts';
import { instrumented, type Pod } from '../support/pod.ts';

// The API server refuses a pod that a patch has made invalid, whatever the failurePolicy. Only a real API server knows every such pod.

const COUNT = Number(process.env['ANY_PODS'] ?? 300);
const CONCURRENCY = 8;

let cluster: InjectedCluster;
let client: Client;
beforeAll(async () => {
  cluster = await startInjectedCluster();
  ({ client } = cluster);
  await client.createNamespace('ours', optedIn());
  await client.createNamespace('bare');
});
afterAll(() => cluster?.stop());

/** Returns the pod, or the message of the refusal. */
async function dryRunIn(namespace: string, pod: Pod): Promise<Pod | string> {
  try {
    const { object } = await client.create<Pod>({ ...pod, metadata: { ...pod.metadata, namespace } }, { dryRun: true });
    return object;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

test('the API server accepts every pod with the webhook that it accepts without the webhook', async () => {
  const generated = fc.sample(pods, { numRuns: COUNT, seed: 20_261_120 }) as unknown as readonly Pod[];
  const candidates = generated.map(withRequiredFields);
  const refused: unknown[] = [];
  let accepted = 0;
  let injected = 0;
  const worker = async (first: number): Promise<void> => {
    for (let index = first; index < COUNT; index += CONCURRENCY) {
      const pod = candidates[index];
      if (!pod || typeof (await dryRunIn('bare', pod)) === 'string') continue;
      accepted++;
      const outcome = await dryRunIn('ours', pod);
      if (typeof outcome === 'string') refused.push({ outcome, pod });
      else if (instrumented(outcome).length > 0) injected++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, (_, first) => worker(first)));
  console.log(`the API server accepts ${accepted} of ${COUNT} generated pods, ${injected} of them with an agent`);
  expect(refused).toEqual([]);
  // Refused pods and pods without an agent prove nothing.
  expect(accepted).toBeGreaterThan(COUNT / 3);
  expect(injected).toBeGreaterThan(COUNT / 10);
});
