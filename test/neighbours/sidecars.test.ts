import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { helm } from '../support/deploy-tools.ts';
import { container, podOf, recordOf, variable, type Pod } from '../support/pod.ts';
import { ours } from '../support/injected-cluster.ts';
import { type Bed, labels, orders, reinvocations, SETTINGS, startBed } from './bed.ts';
import { isBuilt } from './built.ts';
import { startLinkerd, type Linkerd } from './real/linkerd.ts';
import type { Neighbour } from './real/neighbour.ts';
import { startOpenTelemetry } from './real/opentelemetry.ts';
import { canShowRun } from './real/program.ts';
import { addedTo, agentsIn, changesOf, flawsIn } from './shown.ts';

// Linkerd's proxy injector, alone and with the OpenTelemetry Operator, as processes beside the built server.

if (!canShowRun) console.log('neighbours: Linkerd: its tests are skipped: this machine allows no mount namespace');
const hasLinkerd = canShowRun && helm !== undefined && isBuilt('linkerd-controller', 'Linkerd');
const hasBoth = hasLinkerd && isBuilt('opentelemetry-operator', 'OpenTelemetry Operator');

const calls = orders.flatMap((order) => reinvocations.map((reinvocation) => ({ order, reinvocation })));

const MESHED = { 'linkerd.io/inject': 'enabled' };
type Settings = Readonly<Record<string, string>>;

const deliveriesBeside = (first: string): readonly Settings[] => [
  { delivery: 'image' },
  { delivery: 'initContainer' },
  { delivery: 'initContainer', 'init-position': 'last' },
  { delivery: 'initContainer', 'init-position': `before ${first}` },
];

const native = container('native', { restartPolicy: 'Always' });
const PLAIN: Pod['spec'] = { containers: [container('app')] };
const FULL: Pod['spec'] = {
  initContainers: [container('migrate'), native],
  containers: [container('app'), container('worker')],
};

describe.skipIf(!hasLinkerd)('beside an injector of sidecars', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
    // Without a delivery: in required namespaces, pods choose one only where the namespace does not.
    const { delivery: _, ...settings } = SETTINGS;
    for (const label of labels) {
      const annotations = ours({ ...settings, 'image-volumes': 'on' });
      await bed.client.createNamespace(`own-${label}`, { labels: ours({ injection: label }), annotations });
    }
  });
  afterAll(() => bed?.stop());

  /** The pod, injected into its own containers alone. */
  async function injected(sent: Pod, targets = sent.spec.containers.map(({ name }) => name)): Promise<Pod> {
    const { pod, reason } = await bed.create(sent);
    if (!pod) throw new Error(reason);
    expect(recordOf(pod)).toMatchObject({
      decision: 'injected',
      containers: targets.map((name) => ({ container: name })),
    });
    expect(flawsIn(sent, pod)).toEqual([]);
    expect(await changesOf(bed.client, pod)).toEqual([]);
    return pod;
  }

  const initNames = ({ spec }: Pod): readonly string[] => (spec.initContainers ?? []).map(({ name }) => name);
  const OURS = 'opentelemetry-java-agent';

  describe('Linkerd', () => {
    let linkerd: Linkerd;
    beforeAll(async () => {
      linkerd = await startLinkerd(bed.controlPlane);
    });
    afterAll(() => linkerd?.running.stop());

    const sidecars: readonly {
      readonly as: string;
      readonly annotations: Settings;
      readonly cniEnabled: boolean;
      /** The init container that it puts in front. */
      readonly first: string;
    }[] = [
      { as: 'a native sidecar', annotations: {}, cniEnabled: false, first: 'linkerd-init' },
      {
        as: 'a container, with one for debugging',
        annotations: {
          'config.linkerd.io/proxy-enable-native-sidecar': 'false',
          'config.linkerd.io/enable-debug-sidecar': 'true',
        },
        cniEnabled: false,
        first: 'linkerd-init',
      },
      {
        as: 'a native sidecar behind a CNI plugin',
        annotations: {},
        cniEnabled: true,
        first: 'linkerd-network-validator',
      },
    ];

    describe.each(sidecars)('whose proxy is $as', ({ annotations, cniEnabled, first }) => {
      test.each(calls)('ours called $order, its reinvocationPolicy $reinvocation', async ({ order, reinvocation }) => {
        linkerd.configure({ cniEnabled });
        await bed.beside({ others: [linkerd], order, reinvocation }, async () => {
          for (const label of labels)
            for (const spec of [PLAIN, FULL])
              for (const settings of deliveriesBeside(first)) {
                const sent = podOf(`own-${label}`, 'meshed', {
                  annotations: { ...MESHED, ...annotations, ...ours({ profile: 'opentelemetry-java', ...settings }) },
                  spec,
                });
                const pod = await injected(sent);
                const added = addedTo(sent, pod).map(({ name }) => name);
                expect(added.filter((name) => name === 'linkerd-proxy')).toHaveLength(1);
                const names = initNames(pod);
                const at = names.indexOf(OURS);
                expect(at === -1).toBe(settings['delivery'] === 'image');
                // Called last, it sees where Linkerd's stand.
                if (order !== 'last' || at === -1) continue;
                const position = settings['init-position'];
                if (position === undefined) expect(at).toBe(0);
                else if (position === 'last') expect(at).toBe(names.length - 1);
                else expect(names[at + 1]).toBe(first);
              }
        });
      });
    });
  });

  describe.skipIf(!hasBoth)('both on one pod', () => {
    let others: readonly Neighbour[] = [];
    beforeAll(async () => {
      const { controlPlane } = bed;
      others = [
        await startOpenTelemetry(
          controlPlane,
          labels.map((label) => `own-${label}`),
        ),
        await startLinkerd(controlPlane),
      ];
    });
    afterAll(async () => {
      for (const { running } of others) await running.stop();
    });

    test.each(calls)('ours called $order, their reinvocationPolicy $reinvocation', async ({ order, reinvocation }) => {
      await bed.beside({ others, order, reinvocation }, async () => {
        for (const label of labels) {
          const annotations = { ...MESHED, ...ours({ profile: 'opentelemetry-java', delivery: 'initContainer' }) };
          const sent = podOf(`own-${label}`, 'all', { annotations, spec: FULL });
          const names = addedTo(sent, await injected(sent)).map(({ name }) => name);
          expect(names.toSorted()).toEqual(['linkerd-init', 'linkerd-proxy', OURS].toSorted());
        }
      });
    });

    test.each(calls)(
      'asked for its agent, ours called $order, their reinvocationPolicy $reinvocation',
      async ({ order, reinvocation }) => {
        await bed.beside({ others, order, reinvocation }, async () => {
          const annotations = {
            ...MESHED,
            ...ours({ profile: 'jennifer-java', delivery: 'initContainer' }),
            'instrumentation.opentelemetry.io/inject-java': 'true',
            'instrumentation.opentelemetry.io/container-names': 'app',
          };
          const pod = await injected(podOf('own-enabled', 'all', { annotations, spec: FULL }));
          expect([agentsIn(pod, 'app'), agentsIn(pod, 'worker')]).toEqual([1, 1]);
          expect(variable(pod, 'JAVA_TOOL_OPTIONS', 'app')).toContain('/otel-auto-instrumentation-java');
          expect(variable(pod, 'JAVA_TOOL_OPTIONS', 'worker')).toContain('jennifer.jar');
          const refused = await bed.create(podOf('own-required', 'all', { annotations, spec: FULL }));
          expect([refused.pod, refused.reason]).toEqual([undefined, 'foreign-agent-requested']);
        });
      },
    );
  });
});
