import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { eventMessages } from '../../src/admission/event-messages.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Operation } from '../../src/lib/json-patch.ts';
import type { Container, EnvVar, Pod } from '../../src/kubernetes/pod.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { encodeReview } from '../../src/admission/review.ts';
import { decisionFields } from '../../src/webhook/decision-log.ts';
import { catalogue, container, namespace, pod } from '../support/fixtures.ts';
import { podsWithVariables } from '../support/promises.ts';
import { settingsFor } from '../support/sample-values.ts';
import { reviewOf, startServer } from '../support/webhook-server.ts';

// People put secrets into pods: in values of variables, in arguments, in annotations. None of it may be in a log line, a warning, an audit
// annotation, an Event, the status annotation or a metric; and in the patch only where a value of theirs is added to, for there it must stand.

const MARK = 'hunter2';

/** The marker wherever people may write a text of their own; not in names, which are told. */
function planted(given: Pod, names: readonly string[]): Pod {
  const marked = (one: Container, index: number): Container => ({
    ...one,
    env: [
      ...(one.env ?? []).map((entry): EnvVar =>
        entry.value === undefined ? entry : { ...entry, value: `${entry.value} ${MARK}` },
      ),
      // Some of the names that profiles write, and one that nobody knows.
      ...names.filter((_, at) => (at + index) % 3 === 0).map((name): EnvVar => ({ name, value: `-Dpassword=${MARK}` })),
      { name: 'DATABASE_URL', value: `postgres://me:${MARK}@db/shop` },
    ],
    command: ['/bin/sh', '-c', `login --password ${MARK}`],
    args: [`--token=${MARK}`],
    lifecycle: { postStart: { exec: { command: ['curl', '-H', `Authorization: ${MARK}`] } } },
    livenessProbe: {
      httpGet: { port: 80, path: `/health?key=${MARK}`, httpHeaders: [{ name: 'X-Key', value: MARK }] },
    },
  });
  const { metadata, spec } = given;
  const spoken = { ...spec, containers: spec.containers.map(marked), imagePullSecrets: [{ name: MARK }] };
  return {
    ...given,
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, team: MARK },
      annotations: {
        ...metadata?.annotations,
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ kind: 'Pod', spec: spoken }),
        'vault.example.com/token': MARK,
      },
      managedFields: [{ manager: MARK }],
    },
    spec: { ...spoken, ...(spec.initContainers && { initContainers: spec.initContainers.map(marked) }) },
    status: { message: MARK },
  };
}

/** An operation that holds the marker: it writes a variable that its author has, with his value in it, because a profile adds to that. */
function isAddedTo({ path, value }: Operation, before: Pod, profiles: readonly Profile[]): boolean {
  const [, list, at] = /^\/spec\/(containers|initContainers)\/(\d+)\/env\/(?:\d+|-)(?:\/value)?$/.exec(path) ?? [];
  const all = [...before.spec.containers, ...(before.spec.initContainers ?? [])];
  const theirs = all.flatMap(({ env }) => env ?? []).filter((entry) => entry.value?.includes(MARK));
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const extended = new Set(
    profiles.flatMap(({ environment }) =>
      environment.filter(({ operation }) => !['set', 'force'].includes(operation.kind)).map(({ name }) => name),
    ),
  );
  const name =
    typeof value === 'object' && value !== null && 'name' in value
      ? JSON.stringify(value['name']).slice(1, -1)
      : undefined;
  return (
    list !== undefined &&
    at !== undefined &&
    theirs.some((entry) => {
      const isSame = name === undefined || name === entry.name || name.startsWith(`${entry.name}_ORIGINAL`);
      return isSame && extended.has(entry.name) && text.includes(JSON.stringify(entry.value).slice(1, -1));
    })
  );
}

interface Told {
  readonly answer: unknown;
  readonly log: unknown;
  readonly events: unknown;
}

/** Decides, and gives all that is told of it. */
function tell(
  given: Pod,
  within: Namespace,
): Told & { readonly operations: readonly Operation[]; readonly injected: boolean } {
  const { decision, operations } = admit(given, within, catalogue);
  const at = { namespace: within.name, dryRun: false, operations: operations.length };
  return {
    // The patch is looked at on its own.
    answer: encodeReview('uid', decision, []),
    log: decisionFields(decision, given, at),
    events: eventMessages(decision),
    operations,
    injected: decision.outcome === 'injected',
  };
}

const profiles = [...catalogue.profiles.values()];

describe.each(profiles.map((profile) => [profile.name, profile] as const))('%s', (name, profile) => {
  const names = [...new Set(profile.environment.map((entry) => entry.name))];
  const [delivery] = profile.deliveries;
  const within = namespace({ ...settingsFor(profile, delivery), profile: name, delivery: delivery.name });

  it('says nothing of what people wrote, over 60 pods full of secrets', () => {
    fc.assert(
      fc.property(podsWithVariables(names), (given) => {
        const secretive = planted(given, names);
        const { operations, injected: _, ...told } = tell(secretive, within);
        assert.ok(!JSON.stringify(told).includes(MARK), JSON.stringify(told));
        for (const operation of operations)
          if (JSON.stringify(operation).includes(MARK))
            assert.ok(isAddedTo(operation, secretive, [profile]), JSON.stringify(operation));
      }),
      { numRuns: 60, seed: 7 },
    );
    // A clean pod with secrets is injected: else the patch was never looked at.
    const plain = planted(pod([container('web')]), []);
    const { operations, injected: isInjected } = tell(plain, within);
    assert.ok(isInjected, name);
    assert.ok(!JSON.stringify(operations).includes(MARK));
  });
});

it('a value that is added to is in the patch, once, and nowhere else', () => {
  const java = catalogue.profiles.get('opentelemetry-java');
  if (!java) throw new Error('no such profile');
  const within = namespace({ ...settingsFor(java), profile: java.name });
  const given = pod([container('web', { env: [{ name: 'JAVA_TOOL_OPTIONS', value: `-Dpassword=${MARK}` }] })]);
  const { operations, ...told } = tell(given, within);
  const holding = operations.filter((operation) => JSON.stringify(operation).includes(MARK));
  expect(holding).toHaveLength(1);
  expect(holding[0]?.path).toMatch(/^\/spec\/containers\/0\/env\/0(\/value)?$/);
  expect(JSON.stringify(told)).not.toContain(MARK);
});

it('what a server logs, measures and answers over TLS has nothing of it either', async () => {
  const events: unknown[] = [];
  const server = await startServer({
    namespaces: [namespace()],
    decided: (_, __, decision) => void events.push(eventMessages(decision)),
  });
  const texts: string[] = [];
  for (const given of fc.sample(podsWithVariables([]), { numRuns: 40, seed: 11 })) {
    const { text } = await server.post(
      reviewOf(planted(given, ['CORECLR_PROFILER', 'CORECLR_ENABLE_PROFILING', 'ARIES_DOMAIN_ID'])),
    );
    texts.push(text, Buffer.from(/"patch":"([^"]*)"/.exec(text)?.[1] ?? '', 'base64').toString());
  }
  // Not a pod, no uid, a broken shape: what is said of a body has nothing of the body's values.
  const whole = planted(pod(), []);
  const odd = { ...whole, spec: { containers: [{ name: 'web', env: [{ name: 'A', value: { secret: MARK } }] }] } };
  texts.push((await server.post(reviewOf(odd))).text);
  texts.push((await server.post(reviewOf(whole, { uid: '' }))).text);
  texts.push((await server.post(reviewOf(whole, { resource: { resource: 'deployments' } }))).text);
  const metrics = await server.metrics.render();
  await server.close();
  expect(server.lines.length).toBeGreaterThan(40);
  expect(events.length).toBeGreaterThan(10);
  for (const all of [texts, server.lines, events, metrics]) expect(JSON.stringify(all)).not.toContain(MARK);
});
