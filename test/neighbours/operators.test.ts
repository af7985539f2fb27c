import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRecorder } from '../e2e/recorder.ts';
import { ours } from '../support/injected-cluster.ts';
import { container, podOf, recordOf, variable, type Pod } from '../support/pod.ts';
import { textTable } from '../support/text-table.ts';
import {
  type Bed,
  CONFLICTS,
  createNamespace,
  type Language,
  labels,
  languages,
  orders,
  OUR_ENDPOINT,
  PROFILES,
  type Registered,
  reinvocations,
  startBed,
} from './bed.ts';
import { isBuilt } from './built.ts';
import { newRelic as playedNewRelic, operators as playedOperators, type Played, playedVariables } from './played.ts';
import type { Neighbour } from './real/neighbour.ts';
import { NEW_RELIC, startNewRelic, TRANSACTION } from './real/newrelic.ts';
import { OPERATORS_ENDPOINT, startOpenTelemetry } from './real/opentelemetry.ts';
import { agentsIn, changesOf, containersOf, flawsIn } from './shown.ts';

// The two operators that add agents by appending to what they find, as processes beside the built server.

const hasOpenTelemetry = isBuilt('opentelemetry-operator', 'OpenTelemetry Operator', 'it is played');
const hasNewRelic = isBuilt('k8s-agents-operator', "New Relic's operator", 'it is played');

const rows: (readonly string[])[] = [];

const calls = orders.flatMap((order) => reinvocations.map((reinvocation) => ({ order, reinvocation })));

const asks = (language: string) => ({ [`instrumentation.opentelemetry.io/inject-${language}`]: 'true' });
const NAMES = 'instrumentation.opentelemetry.io/container-names';

/** What is in the namespace `asked-…`. */
const BY_NAMESPACE: Language = 'java';

describe.skipIf(!hasOpenTelemetry && !hasNewRelic)('beside operators', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
  });
  afterAll(async () => {
    await bed?.stop();
    console.log(textTable([['neighbour', 'profile', 'order', 'reinvocation', 'label', 'agents', 'verdict'], ...rows]));
  });

  /** Nothing is there twice, no stranger has an agent, and the pod stays as it is. */
  async function expectSound(sent: Pod, pod: Pod, ignored: readonly string[] = []): Promise<void> {
    expect(flawsIn(sent, pod)).toEqual([]);
    expect(await changesOf(bed.client, pod, ignored)).toEqual([]);
  }

  /** The pods on which the played injector must do what the real one does. */
  async function expectAlike(real: Neighbour, { name, patch }: Played, pods: readonly Pod[]): Promise<void> {
    const other = await startRecorder({ patch });
    const shown = async (neighbour: Registered) =>
      bed.beside({ others: [neighbour] }, async () => {
        const all: Readonly<Record<string, string>>[] = [];
        for (const pod of pods) {
          const { pod: stored } = await bed.create(pod);
          if (!stored) throw new Error(`${name} refuses a pod`);
          all.push(playedVariables(stored));
        }
        return all;
      });
    try {
      expect(await shown({ ...other, configuration: 'neighbour' }), name).toEqual(await shown(real));
    } finally {
      await other.stop();
    }
  }

  describe.skipIf(!hasOpenTelemetry)('the OpenTelemetry Operator', () => {
    let operator: Neighbour;
    beforeAll(async () => {
      for (const label of labels) await createNamespace(bed.client, `asked-${label}`, label, asks(BY_NAMESPACE));
      const namespaces = labels.flatMap((label) => [label, `asked-${label}`]);
      operator = await startOpenTelemetry(bed.controlPlane, namespaces);
    });
    afterAll(() => operator?.running.stop());

    test.each(calls)(
      'asked for an agent, ours called $order, its reinvocationPolicy $reinvocation: its agent alone, and ours names it',
      async ({ order, reinvocation }) => {
        await bed.beside({ others: [operator], order, reinvocation }, async () => {
          for (const language of languages)
            for (const profile of PROFILES[language])
              for (const label of labels)
                for (const by of language === BY_NAMESPACE ? ['pod', 'namespace'] : ['pod']) {
                  const namespace = by === 'pod' ? label : `asked-${label}`;
                  const annotations = { ...ours({ profile }), ...(by === 'pod' && asks(language)) };
                  const sent = podOf(namespace, `asked-${language}`, { annotations });
                  const { agents, reason, pod } = await bed.create(sent);
                  const of = `${profile}, ${label}, by the ${by}`;
                  rows.push([
                    `OpenTelemetry Operator (${by})`,
                    profile,
                    order,
                    reinvocation,
                    label,
                    `${agents}`,
                    reason,
                  ]);
                  expect(reason, of).toBe('foreign-agent-requested');
                  expect(agents, of).toBe(label === 'required' ? 0 : 1);
                  expect(pod === undefined, of).toBe(label === 'required');
                  if (!pod) continue;
                  expect(JSON.stringify(pod.spec.containers), of).toContain('/otel-auto-instrumentation-');
                  await expectSound(sent, pod);
                }
        });
      },
    );

    test.each(calls)(
      'asked for an agent in another container, ours called $order, its reinvocationPolicy $reinvocation: both are there',
      async ({ order, reinvocation }) => {
        await bed.beside({ others: [operator], order, reinvocation }, async () => {
          for (const [index, language] of languages.entries()) {
            const theirs = languages[(index + 1) % languages.length] ?? language;
            for (const label of labels) {
              const annotations = {
                ...ours({ profile: `opentelemetry-${language}`, containers: 'app' }),
                ...asks(theirs),
                [NAMES]: 'web',
              };
              const sent = podOf(label, 'two', {
                annotations,
                spec: { containers: [container('app'), container('web')] },
              });
              const { pod, reason } = await bed.create(sent);
              if (!pod) throw new Error(`${language} and ${theirs}, ${label}: ${reason}`);
              expect([agentsIn(pod, 'app'), agentsIn(pod, 'web')], `${language} and ${theirs}`).toEqual([1, 1]);
              await expectSound(sent, pod);
            }
          }
        });
      },
    );

    test.each(orders)(
      'asked for the variables of an SDK, ours called %s: the first one sets the endpoint',
      async (order) => {
        await bed.beside({ others: [operator], order }, async () => {
          for (const language of languages) {
            const annotations = { ...ours({ profile: `opentelemetry-${language}` }), ...asks('sdk') };
            const sent = podOf('enabled', 'sdk', { annotations });
            const { pod, agents, reason } = await bed.create(sent);
            expect([agents, reason], language).toEqual([1, '']);
            if (!pod) throw new Error('no pod');
            const endpoint = order === 'first' ? OUR_ENDPOINT : OPERATORS_ENDPOINT;
            expect(variable(pod, 'OTEL_EXPORTER_OTLP_ENDPOINT'), language).toBe(endpoint);
            await expectSound(sent, pod);
          }
        });
      },
    );

    test.each(orders)('asked for a collector, ours called %s: the collector has no agent', async (order) => {
      await bed.beside({ others: [operator], order }, async () => {
        const annotations = { ...ours({ profile: 'opentelemetry-java' }), 'sidecar.opentelemetry.io/inject': 'true' };
        const sent = podOf('enabled', 'collector', { annotations });
        const { pod, agents } = await bed.create(sent);
        if (!pod) throw new Error('no pod');
        expect(containersOf(pod).map(({ name }) => name)).toContain('otc-container');
        expect(agents).toBe(1);
        expect(recordOf(pod)).toMatchObject({ containers: [{ container: 'app' }] });
        await expectSound(sent, pod);
      });
    });

    test('its agent gets one verdict in all languages and from all profiles', async () => {
      for (const language of languages) {
        const stored = await bed.beside({ others: [operator] }, () =>
          bed.create(podOf('enabled', 'theirs', { annotations: asks(language) })),
        );
        if (!stored.pod) throw new Error('no pod');
        expect(agentsIn(stored.pod), language).toBe(1);
        for (const profile of PROFILES[language]) {
          // Without the annotation, which is a verdict by itself.
          const pod = podOf('enabled', 'theirs', { annotations: ours({ profile }), spec: stored.pod.spec });
          const { allowed, warnings } = await bed.injector.review('enabled', pod);
          expect(allowed, profile).toBe(true);
          expect(warnings, profile).toEqual([expect.stringMatching(/ foreign-(agent|profiler): .*OpenTelemetry/)]);
          expect((await bed.injector.review('required', pod)).allowed, profile).toBe(false);
        }
      }
    });

    test('the played one does the same', async () => {
      for (const one of playedOperators) {
        const { language, asked } = one;
        const env = ['JAVA_TOOL_OPTIONS', 'NODE_OPTIONS', 'PYTHONPATH', 'DOTNET_STARTUP_HOOKS'].map((name) => ({
          name,
          value: 'mine',
        }));
        const marked = [{ name: 'OTEL_RESOURCE_ATTRIBUTES_NODE_NAME', value: 'a-node' }];
        const home = [{ name: 'OTEL_DOTNET_AUTO_HOME', value: '/mine' }];
        const pod = (
          annotations: Readonly<Record<string, string>>,
          containers = [container('app'), container('web')],
        ) => podOf('enabled', `played-${language}`, { annotations, spec: { containers } });
        await expectAlike(operator, one, [
          pod({}),
          pod(asked),
          pod({ ...asked, [NAMES]: 'web' }),
          pod({ ...asked, [NAMES]: 'api' }),
          pod(asks('go')),
          pod(asked, [container('app', { env })]),
          pod(asked, [container('app', { env: home })]),
          pod(asked, [container('app'), container('web', { env: marked })]),
        ]);
      }
    });
  });

  describe.skipIf(!hasNewRelic)("New Relic's operator", () => {
    let operator: Neighbour;
    beforeAll(async () => {
      operator = await startNewRelic(bed.controlPlane);
    });
    afterAll(() => operator?.running.stop());

    test.each(calls)(
      'ours called $order, its reinvocationPolicy $reinvocation: one agent, or the conflict has a name',
      async ({ order, reinvocation }) => {
        await bed.beside({ others: [operator], order, reinvocation }, async () => {
          for (const language of languages)
            for (const profile of PROFILES[language])
              for (const label of labels) {
                const sent = podOf(label, 'selected', {
                  labels: { [NEW_RELIC]: language },
                  annotations: ours({ profile }),
                });
                const { agents, reason, pod } = await bed.create(sent);
                const of = `${profile}, ${label}`;
                rows.push([`New Relic (${language})`, profile, order, reinvocation, label, `${agents}`, reason]);
                if (agents !== 1) expect(CONFLICTS, of).toContain(reason);
                if (order === 'last') expect([agents <= 1, CONFLICTS.includes(reason)], of).toEqual([true, true]);
                // What it appends to shows in the second pass.
                if (order === 'first' && language === 'java') expect(reason, of).toBe('slot-shared');
                expect(pod === undefined, of).toBe(label === 'required' && reason !== '');
                if (pod) await expectSound(sent, pod, [TRANSACTION]);
              }
        });
      },
    );

    test('the played one does the same', async () => {
      const pod = (env: readonly object[]) =>
        podOf('enabled', 'played', {
          labels: { [NEW_RELIC]: 'java' },
          spec: { containers: [container('app', { env }), container('web')] },
        });
      const value = '-javaagent:/nri-java--app/newrelic-agent.jar';
      await expectAlike(operator, playedNewRelic, [
        pod([]),
        pod([{ name: 'JAVA_TOOL_OPTIONS', value: '-Xmx1g' }]),
        pod([{ name: 'JAVA_TOOL_OPTIONS', value: `-Xmx1g ${value}` }]),
      ]);
    });
  });
});
