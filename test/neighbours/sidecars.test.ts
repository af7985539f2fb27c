import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { helm } from '../support/deploy-tools.ts';
import { claimIn, container, podOf, recordOf, variable, type Pod } from '../support/pod.ts';
import { ours } from '../support/injected-cluster.ts';
import { type Bed, labels, orders, reinvocations, SETTINGS, startBed } from './bed.ts';
import { isBuilt } from './built.ts';
import { startLinkerd, type Linkerd } from './real/linkerd.ts';
import type { Neighbour } from './real/neighbour.ts';
import { startOpenTelemetry } from './real/opentelemetry.ts';
import { canShowRun } from './real/program.ts';
import { startVault } from './real/vault.ts';
import { addedTo, agentsIn, changesOf, flawsIn } from './shown.ts';

// Linkerd's proxy injector, Vault's agent injector, and both with the OpenTelemetry Operator, as processes beside the built server.

if (!canShowRun)
  console.log('neighbours: Linkerd and Vault: their tests are skipped: this machine allows no mount namespace');
const hasLinkerd = canShowRun && helm !== undefined && isBuilt('linkerd-controller', 'Linkerd');
const hasVault = canShowRun && isBuilt('vault-k8s', "Vault's agent injector");
const hasAll = hasLinkerd && hasVault && isBuilt('opentelemetry-operator', 'OpenTelemetry Operator');

const calls = orders.flatMap((order) => reinvocations.map((reinvocation) => ({ order, reinvocation })));

const MESHED = { 'linkerd.io/inject': 'enabled' };
const SECRETS = {
  'vault.hashicorp.com/agent-inject': 'true',
  'vault.hashicorp.com/role': 'app',
  'vault.hashicorp.com/agent-inject-secret-app': 'secret/data/app',
};

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

describe.skipIf(!hasLinkerd && !hasVault)('beside injectors of sidecars', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await startBed();
    // Without a delivery: in required namespaces, pods choose one only where the namespace does not.
    const { delivery: _, ...settings } = SETTINGS;
    for (const label of labels) {
      const annotations = ours({ ...settings, 'image-volumes': 'on' });
      await bed.client.createNamespace(`own-${label}`, { labels: ours({ injection: label }), annotations });
      await bed.client.create(claimIn(`own-${label}`));
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

  describe.skipIf(!hasLinkerd)('Linkerd', () => {
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

  describe.skipIf(!hasVault)('Vault', () => {
    let vault: Neighbour;
    beforeAll(async () => {
      vault = await startVault(bed.controlPlane);
    });
    afterAll(() => vault?.running.stop());

    const variants: readonly Settings[] = [{}, { 'vault.hashicorp.com/agent-init-first': 'true' }];

    test.each(calls)('ours called $order, its reinvocationPolicy $reinvocation', async ({ order, reinvocation }) => {
      await bed.beside({ others: [vault], order, reinvocation }, async () => {
        for (const label of labels)
          for (const spec of [PLAIN, FULL])
            for (const variant of variants) {
              const asked = { ...SECRETS, ...variant };
              const claim = ours({ profile: 'jennifer-dotnet', delivery: 'persistentVolumeClaim' });
              const mounted = await injected(
                podOf(`own-${label}`, 'secrets', { annotations: { ...asked, ...claim }, spec }),
              );
              expect(addedNames(mounted, spec)).toEqual(['vault-agent', 'vault-agent-init']);

              const copied = ours({ profile: 'opentelemetry-java', delivery: 'initContainer' });
              const pod = await injected(
                podOf(`own-${label}`, 'secrets', { annotations: { ...asked, ...copied }, spec }),
              );
              expect(addedNames(pod, spec)).toEqual([OURS, 'vault-agent', 'vault-agent-init'].toSorted());
              // docs/security.md: called first, our init container has the mount; with agent-init-first, the secrets are there before it.
              expect(hasSecrets(pod), order).toBe(order === 'first');
              const [ourPlace, theirs] = [OURS, 'vault-agent-init'].map((name) => initNames(pod).indexOf(name));
              const isBehind = order === 'first' && 'vault.hashicorp.com/agent-init-first' in variant;
              expect((ourPlace ?? -1) > (theirs ?? -1), order).toBe(isBehind);
            }
      });
    });

    const addedNames = (pod: Pod, spec: Pod['spec']): readonly string[] =>
      addedTo({ spec }, pod)
        .map(({ name }) => name)
        .toSorted();

    const hasSecrets = ({ spec }: Pod): boolean =>
      JSON.stringify(spec.initContainers?.find(({ name }) => name === OURS)).includes('/vault/secrets');

    test.each(orders)('ours called %s, for the container that it adds', async (order) => {
      const annotations = {
        ...SECRETS,
        ...ours({ profile: 'opentelemetry-java', delivery: 'initContainer', containers: 'vault-agent' }),
      };
      await bed.beside({ others: [vault], order }, async () => {
        const { pod, warnings } = await bed.create(podOf('own-enabled', 'theirs', { annotations }));
        expect(pod && agentsIn(pod, 'vault-agent')).toBe(1);
        expect(warnings.length > 0).toBe(order === 'first');
        const required = await bed.create(podOf('own-required', 'theirs', { annotations }));
        expect(required.pod === undefined).toBe(order === 'first');
        expect(required.reason).toBe(order === 'first' ? 'no-target-container' : '');
      });
    });
  });

  describe.skipIf(!hasAll)('all three on one pod', () => {
    let others: readonly Neighbour[] = [];
    beforeAll(async () => {
      const { controlPlane } = bed;
      others = [
        await startOpenTelemetry(
          controlPlane,
          labels.map((label) => `own-${label}`),
        ),
        await startLinkerd(controlPlane),
        await startVault(controlPlane),
      ];
    });
    afterAll(async () => {
      for (const { running } of others) await running.stop();
    });

    test.each(calls)('ours called $order, their reinvocationPolicy $reinvocation', async ({ order, reinvocation }) => {
      await bed.beside({ others, order, reinvocation }, async () => {
        for (const label of labels) {
          const annotations = {
            ...MESHED,
            ...SECRETS,
            ...ours({ profile: 'opentelemetry-java', delivery: 'initContainer' }),
          };
          const sent = podOf(`own-${label}`, 'all', { annotations, spec: FULL });
          const names = addedTo(sent, await injected(sent)).map(({ name }) => name);
          expect(names.toSorted()).toEqual(
            ['linkerd-init', 'linkerd-proxy', OURS, 'vault-agent', 'vault-agent-init'].toSorted(),
          );
        }
      });
    });

    test.each(calls)(
      'asked for its agent, ours called $order, their reinvocationPolicy $reinvocation',
      async ({ order, reinvocation }) => {
        await bed.beside({ others, order, reinvocation }, async () => {
          const annotations = {
            ...MESHED,
            ...SECRETS,
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
