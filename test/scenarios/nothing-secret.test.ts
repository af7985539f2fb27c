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
import { podsWithVariables } from '../support/six-rules.ts';
import { settingsFor } from '../support/sample-values.ts';
import { reviewOf, startServer } from '../support/webhook-server.ts';

// Users put secrets into pods: in values of variables, in arguments, in annotations. None may appear in a log line, a warning, an audit annotation,
// an Event, the status annotation or a metric. The patch may contain one only where it extends a value, which it has to repeat.

const MARK = 'hunter2';

/** Puts the marker wherever users can write any text, except in names, which are reported. */
function planted(given: Pod, names: readonly string[]): Pod {
  const marked = (one: Container, index: number): Container => ({
    ...one,
    env: [
      ...(one.env ?? []).map((entry): EnvVar =>
        entry.value === undefined ? entry : { ...entry, value: `${entry.value} ${MARK}` },
      ),
      // Some of the variables that profiles set, and one of the user.
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
  const markedSpec = { ...spec, containers: spec.containers.map(marked), imagePullSecrets: [{ name: MARK }] };
  return {
    ...given,
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, team: MARK },
      annotations: {
        ...metadata?.annotations,
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ kind: 'Pod', spec: markedSpec }),
        'vault.example.com/token': MARK,
      },
      managedFields: [{ manager: MARK }],
    },
    spec: { ...markedSpec, ...(spec.initContainers && { initContainers: spec.initContainers.map(marked) }) },
    status: { message: MARK },
  };
}

/** True if an operation contains the marker because the profile extends the value of a variable that the user has set. */
function extendsValue({ path, value }: Operation, before: Pod, profiles: readonly Profile[]): boolean {
  const [, list, at] = /^\/spec\/(containers|initContainers)\/(\d+)\/env\/(?:\d+|-)(?:\/value)?$/.exec(path) ?? [];
  const all = [...before.spec.containers, ...(before.spec.initContainers ?? [])];
  const marked = all.flatMap(({ env }) => env ?? []).filter((entry) => entry.value?.includes(MARK));
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
    marked.some((entry) => {
      const isSame = name === undefined || name === entry.name || name.startsWith(`${entry.name}_ORIGINAL`);
      return isSame && extended.has(entry.name) && text.includes(JSON.stringify(entry.value).slice(1, -1));
    })
  );
}

interface Reports {
  readonly answer: unknown;
  readonly log: unknown;
  readonly events: unknown;
}

/** Decides on a pod. Returns everything that is reported about the decision. */
function report(
  given: Pod,
  within: Namespace,
): Reports & { readonly operations: readonly Operation[]; readonly injected: boolean } {
  const { decision, operations } = admit(given, within, catalogue);
  const context = { namespace: within.name, dryRun: false, operations: operations.length };
  return {
    // The patch is checked separately.
    answer: encodeReview('uid', decision, []),
    log: decisionFields(decision, given, context),
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

  it('reports no secret of a user, over 60 pods full of secrets', () => {
    fc.assert(
      fc.property(podsWithVariables(names), (given) => {
        const secretive = planted(given, names);
        const { operations, injected: _, ...reports } = report(secretive, within);
        assert.ok(!JSON.stringify(reports).includes(MARK), JSON.stringify(reports));
        for (const operation of operations)
          if (JSON.stringify(operation).includes(MARK))
            assert.ok(extendsValue(operation, secretive, [profile]), JSON.stringify(operation));
      }),
      { numRuns: 60, seed: 7 },
    );
    // A simple pod with secrets is injected, so that at least one patch was checked.
    const plain = planted(pod([container('web')]), []);
    const { operations, injected: isInjected } = report(plain, within);
    assert.ok(isInjected, name);
    assert.ok(!JSON.stringify(operations).includes(MARK));
  });
});

it('an extended value appears once in the patch, and nowhere else', () => {
  const java = catalogue.profiles.get('opentelemetry-java');
  if (!java) throw new Error('no such profile');
  const within = namespace({ ...settingsFor(java), profile: java.name });
  const given = pod([container('web', { env: [{ name: 'JAVA_TOOL_OPTIONS', value: `-Dpassword=${MARK}` }] })]);
  const { operations, ...reports } = report(given, within);
  const withSecret = operations.filter((operation) => JSON.stringify(operation).includes(MARK));
  expect(withSecret).toHaveLength(1);
  expect(withSecret[0]?.path).toMatch(/^\/spec\/containers\/0\/env\/0(\/value)?$/);
  expect(JSON.stringify(reports)).not.toContain(MARK);
});

it('logs, metrics, Events and answers of a server contain no secret either', async () => {
  const events: unknown[] = [];
  const server = await startServer({
    namespaces: [namespace()],
    onDecision: (_, __, decision) => void events.push(eventMessages(decision)),
  });
  const texts: string[] = [];
  for (const given of fc.sample(podsWithVariables([]), { numRuns: 40, seed: 11 })) {
    const { text } = await server.post(
      reviewOf(planted(given, ['CORECLR_PROFILER', 'CORECLR_ENABLE_PROFILING', 'ARIES_DOMAIN_ID'])),
    );
    texts.push(text, Buffer.from(/"patch":"([^"]*)"/.exec(text)?.[1] ?? '', 'base64').toString());
  }
  // Not a pod, no uid, an invalid pod: errors do not quote the body either.
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
