import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { type Injector, startInjector } from '../support/injector.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { container, podOf, type Pod, recordOf } from '../support/pod.ts';
import { type Combination, combinations, inForce, install } from './policies/combinations.ts';
import { hostilePods } from './policies/hostile.ts';
import { generatedPods, goldenPods, type NamedPod, recordedPods } from './policies/pods.ts';
import { costs } from './policies/cost.ts';
import { BARE, canonical, caseOf, creatable, dryRun, judge } from './policies/proof.ts';
import { Tally } from './policies/tally.ts';
import { run } from '../support/process.ts';
import { type RegisteredWebhook, registerWebhook } from './webhook.ts';

// A policy decides as the webhook does, or the export has refused it: pod by pod, on a real API server. In the long run (E2E_LONG=1), each pod
// meets each policy; POLICIES is a pattern of names. Otherwise each profile has one delivery, JENNIFER .NET has all of them, and the generated pods are dealt out to them.

const LONG = process.env['E2E_LONG'] === '1';
const GENERATED = Number(process.env['POLICY_PODS'] ?? 2000);
const CONCURRENCY = 8;
const WHOLE = 'jennifer-dotnet';

const { exported, refused } = combinations();
const ONLY = process.env['POLICIES'];
const chosen = (LONG ? exported : sample(exported)).filter(
  ({ name }) => ONLY === undefined || new RegExp(ONLY).test(name),
);

/** One delivery of each profile, another one each time; all of one profile. */
function sample(all: readonly Combination[]): readonly Combination[] {
  const profiles = [...new Set(all.map(({ profile }) => profile))];
  return profiles.flatMap((profile, index) => {
    const own = all.filter((one) => one.profile === profile);
    return profile.name === WHOLE ? own : own.slice(index % own.length).slice(0, 1);
  });
}

/** The controller manager would check the types of each validating policy, for a status that the tests do not read. */
const NO_TYPE_CHECKS = '--controllers=*,-validatingadmissionpolicy-status-controller';

let controlPlane: ControlPlane;
let client: Client;
beforeAll(async () => {
  controlPlane = await startControlPlane({ controllerManagerFlags: [NO_TYPE_CHECKS] });
  ({ client } = controlPlane);
  await client.createNamespace(BARE, { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } });
  const before = performance.now();
  await each(chosen, 2, async (one) => install(client, one));
  const created = performance.now();
  for (const one of chosen) await inForce(client, one);
  const ready = performance.now();
  console.log(
    `${chosen.length} policies created in ${Math.round(created - before)} ms, in force ${Math.round(ready - created)} ms later`,
  );
}, 1_800_000);
afterAll(() => controlPlane?.stop());

async function each<T>(all: readonly T[], workers: number, work: (one: T) => Promise<void>): Promise<void> {
  const queue = all.values();
  const worker = async (): Promise<void> => {
    for (const one of queue) await work(one);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/** The pods of a combination: those that fit it, and its share of the generated ones. */
function podsFor(combination: Combination, index: number): readonly NamedPod[] {
  const { profile } = combination;
  const lists = profile.environment.flatMap(({ name, operation }) => (operation.kind === 'set' ? [] : [name]));
  const first = profile.environment[0]?.name ?? 'HOME';
  const hostile = hostilePods([...profile.parameters.keys()].slice(0, 3), [...new Set([first, ...lists])]);
  if (LONG) return [...goldenPods(), ...recordedPods(), ...hostile, ...generated];
  const isWhole = combination.name === 'jennifer-dotnet-persistentvolumeclaim';
  return [
    ...goldenPods().filter((one) => one.profile === profile.name),
    ...(isWhole ? recordedPods() : []),
    ...hostile.filter((_, place) => isWhole || place % chosen.length === index),
    ...generated.filter((_, place) => place % chosen.length === index),
  ];
}

const generated = generatedPods(GENERATED);

describe('the export', () => {
  test('refuses what it cannot say, and says what that is', () => {
    expect(
      refused.filter(({ problems }) => problems.some(({ what, instead }) => what === '' || instead === '')),
    ).toEqual([]);
    expect(new Set(exported.map(({ profile }) => profile.name)).size).toBeGreaterThan(15);
    expect(refused.length + exported.length).toBeGreaterThan(100);
  });

  // By default, no API server serves a beta version.
  test.each([
    ['v1', 0, /takes it/],
    ['v1beta1', 1, /does not serve .*v1beta1/],
  ])('--verify asks the API server about %s', async (api, expected, said) => {
    const flags = [
      '--profile',
      'jennifer-dotnet',
      '--delivery',
      'preinstalled',
      '--param',
      'server-address=a.example.com',
    ];
    const target = ['--api', api, '--verify', '--kubeconfig', controlPlane.kubeconfigPath];
    const { code, stderr } = await run(['export', 'policy', ...flags, ...target]);
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringMatching(said) });
  });
});

describe('a policy', () => {
  test('makes of each pod what the webhook makes of it', async () => {
    const total = new Tally();
    for (const [index, combination] of chosen.entries()) {
      const tally = new Tally();
      const before = performance.now();
      await each(podsFor(combination, index), CONCURRENCY, async ({ name, pod }) => {
        const one = await caseOf(client, pod, !name.startsWith('generated'));
        const verdict = await judge(client, combination, one);
        for (const counted of [total, tally]) counted.add(`${combination.name}: ${name}`, verdict);
      });
      console.log(
        `${combination.name} in ${Math.round(performance.now() - before)} ms: ${tally.of('injected')} of ${tally.total} injected`,
      );
    }
    console.log(`${chosen.length} policies of ${exported.length}; ${total.text()}`);
    expect(total.different.slice(0, 20)).toEqual([]);
    // Pods that are refused, or that nothing touches, prove little.
    expect(total.of('refused')).toBeLessThan(total.total / 10);
    expect(total.of('injected')).toBeGreaterThan(total.total / 3);
    expect(total.of('beyond')).toBeLessThan(total.total / 5);
  }, 7_200_000);
});

const BOTH = 'jennifer-dotnet-persistentvolumeclaim';

describe.skipIf(!chosen.some(({ name }) => name === BOTH))('a webhook beside a policy', () => {
  let injector: Injector;
  let webhook: RegisteredWebhook;
  const pod = { containers: [container('web'), container('worker', { env: [{ name: 'A', value: 'a' }] })] };
  const create = async (
    namespace: string,
    { metadata, spec }: Pod = podOf('any', 'web', { spec: pod }),
  ): Promise<Pod> => {
    const { status, body } = await dryRun(client, namespace, {
      apiVersion: 'v1',
      kind: 'Pod',
      ...(metadata && { metadata }),
      spec,
    });
    expect(status, JSON.stringify(body)).toBe(201);
    // The API server answers 201 with a pod.
    return body as Pod;
  };
  let byPolicy: Pod;

  beforeAll(async () => {
    byPolicy = await create(BOTH);
    await client.createNamespace('webhook', optedIn());
    injector = await startInjector(controlPlane);
    await injector.ready();
    webhook = await registerWebhook(client, { url: injector.url, ca: injector.ca });
  });
  afterAll(async () => {
    await webhook?.remove();
    await injector?.stop();
  });

  test('leaves the pod of the policy as it is', async () => {
    expect(recordOf(byPolicy)).toMatchObject({ decision: 'injected', by: 'policy' });
    const together = await create(BOTH);
    expect(canonical(together)).toBe(canonical(byPolicy));
    const last = (await injector.decisions(BOTH)).at(-1);
    expect(last).toMatchObject({ outcome: 'skipped' });
  });

  test('has its own pods left alone by the policy', async () => {
    const byWebhook = await create('webhook');
    expect(recordOf(byWebhook)).toMatchObject({ decision: 'injected' });
    expect(recordOf(byWebhook)).not.toHaveProperty('by');
    const again = await create(BOTH, creatable(byWebhook));
    expect(canonical(again)).toBe(canonical(byWebhook));
  });
});

describe.skipIf(!LONG && process.env['POLICY_COST'] === undefined)('what a policy costs', () => {
  test('is a share of a creation', async () => {
    const rows = await costs(
      client,
      chosen.filter(({ name }) => COSTED.test(name)),
    );
    console.log(rows.map((row) => JSON.stringify(row)).join('\n'));
    expect(rows.map(({ checks }) => checks).filter((checks) => checks === 0)).toEqual([]);
  }, 600_000);
});

const COSTED = /^(jennifer-dotnet-persistentvolumeclaim|elastic-nodejs|scouter-java|pinpoint-java)/;
