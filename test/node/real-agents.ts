import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Listener } from '../agents/listener.ts';
import { catalogue, isComplete, observationIn } from '../agents/run-agent.ts';
import type { Runtime } from '../agents/runtimes.ts';
import { filesOf, type Agent } from '../agents/table.ts';
import type { Way } from '../agents/ways.ts';
import type { LivenessReport } from '../../src/diagnostics/liveness/report.ts';
import type { VerdictCode } from '../../src/diagnostics/liveness/verdict-code.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { render } from '../../src/profiles/template.ts';
import { ours } from '../support/injected-cluster.ts';
import { busybox } from '../support/node/image.ts';
import { NODE_ADDRESS } from '../support/node/network.ts';
import type { Node } from '../support/node/node.ts';
import { nodeBinary } from '../support/node/places.ts';
import { podOf, recordOf, type Pod } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { createClaim } from './claims.ts';
import { APP_IMAGE, optedInAt } from './injected-node.ts';
import { logsOf, runningPod } from './pods.ts';

const USER = 1000;
const CLAIM = 'agents';

/** One agent in one pod, with the author's own value in one way. */
export interface Case {
  readonly namespace: string;
  readonly agent: Agent;
  readonly runtime: Runtime;
  readonly way: Way;
  readonly delivery: string;
}

function profileOf(agent: Agent): Profile {
  const found = catalogue.profiles.get(agent.profile);
  if (!found) throw new Error(`no profile ${agent.profile}`);
  return found;
}

/** The deliveries that bring the files which `test/agents/fetch` has laid out. */
export function deliveriesOf(agent: Agent): readonly string[] {
  const named = agent.annotations['delivery'];
  if (named !== undefined) return [named];
  const able = agent.image === undefined ? ['persistentVolumeClaim'] : ['image', 'initContainer'];
  return profileOf(agent).deliveries.flatMap(({ name }) => (able.includes(name) ? [name] : []));
}

/** The name that the profile gives to the image, or one of this machine that the namespace gives. */
export function imageNameOf(agent: Agent): string {
  const { parameters, deliveries } = profileOf(agent);
  const copy = deliveries.flatMap((delivery) => ('copy' in delivery ? [delivery.copy.image] : []))[0];
  return parameters.has('agent-image') || !copy ? `localhost/real-${agent.profile}:1` : render(copy, new Map());
}

const added = new Map<string, Promise<void>>();

/** Adds the image of an agent to the node, once. */
export async function addAgentImage(node: Node, agent: Agent): Promise<void> {
  if (agent.image === undefined) return;
  const name = imageNameOf(agent);
  const adding = added.get(name) ?? addImageOf(node, agent, agent.image);
  added.set(name, adding);
  await adding;
}

async function addImageOf(node: Node, agent: Agent, at: string): Promise<void> {
  await node.addImage({
    name: imageNameOf(agent),
    contents: new Map([...busybox(nodeBinary('busybox')), [at, { from: filesOf(agent) }]]),
    workdir: agent.workdir,
  });
}

function withAddress(texts: Readonly<Record<string, string>>, { port }: Listener): Record<string, string> {
  const replaced = ([name, text]: [string, string]): [string, string] => [
    name,
    text.replaceAll('${address}', NODE_ADDRESS).replaceAll('${port}', String(port)),
  ];
  return Object.fromEntries(Object.entries(texts).map(replaced));
}

async function prepareNamespace({ client }: Node, one: Case, listener: Listener): Promise<void> {
  const { namespace, agent, runtime, way } = one;
  const { parameters } = profileOf(agent);
  const places = { 'agent-image': imageNameOf(agent), 'claim-name': CLAIM };
  const known = Object.entries(places).filter(([name]) => parameters.has(name));
  const settings = { ...withAddress(agent.annotations, listener), ...Object.fromEntries(known) };
  await client.createNamespace(namespace, optedInAt('privileged', { profile: agent.profile, ...settings }));
  for (const [name, data] of way.configMaps(runtime.shared.name, runtime.shared.value))
    await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  for (const [name, stringData] of Object.entries(agent.secrets))
    await client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData });
  if (one.delivery === 'persistentVolumeClaim')
    await createClaim(client, { namespace, name: CLAIM, path: filesOf(agent) });
}

/** The folders of this machine in which its runtimes are. Debian keeps the configuration of a JVM in /etc. */
const machine: readonly string[] = [
  '/usr',
  '/lib',
  '/lib64',
  ...readdirSync('/etc')
    .filter((name) => /^(java|ssl)/.test(name))
    .map((name) => `/etc/${name}`),
];

function podSpec({ agent, runtime, way }: Case, listener: Listener): Pod['spec'] {
  const places = [...machine.map((path) => [path, path] as const), ...runtime.image];
  const volumes = places.map(([, path], index) => ({ name: `machine-${index}`, hostPath: { path } }));
  const volumeMounts = places.map(([mountPath], index) => ({ name: `machine-${index}`, mountPath, readOnly: true }));
  const written = way.container(runtime.shared.name, runtime.shared.value);
  const given = {
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    ...runtime.environment,
    APP_URL: listener.appUrl,
    ...withAddress(agent.env, listener),
  };
  return {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        ...written,
        name: 'web',
        image: APP_IMAGE,
        command: runtime.command,
        // The program ends with its input.
        stdin: true,
        securityContext: { runAsUser: USER },
        env: [...(written.env ?? []), ...Object.entries(given).map(([name, value]) => ({ name, value }))],
        volumeMounts,
      },
    ],
    volumes,
  };
}

/** What the users of the product see: `verify` says that the agent is alive, or that its profile knows no sign. */
async function expectVerdict({ controlPlane }: Node, { namespace, agent }: Case): Promise<string> {
  const { code, report } = await verify(controlPlane.kubeconfigPath, 'pod/web', namespace);
  expect({ code, verdict: report.code }, report.message).toEqual(expectedVerdict(agent));
  // Its sign is inside the container: it shows by an ephemeral container, too.
  if (agent.profile === 'opentelemetry-python') {
    const other = await verify(controlPlane.kubeconfigPath, 'pod/web', namespace, ['--debug-image', APP_IMAGE]);
    expect({ code: other.code, verdict: other.report.code }, other.report.message).toEqual(expectedVerdict(agent));
  }
  return report.message;
}

function expectedVerdict(agent: Agent): { readonly code: number; readonly verdict: VerdictCode } {
  // The profiler that stands in for the vendor's refuses the process, and the CLR unloads it.
  if (agent.runtime === 'dotnet') return { code: 1, verdict: 'starting' };
  const isUnknown = (profileOf(agent).signsOfLife?.alive ?? []).length === 0;
  return isUnknown ? { code: 3, verdict: 'signs-unknown' } : { code: 0, verdict: 'alive' };
}

/** Runs `verify`. */
export async function verify(
  kubeconfig: string,
  target: string,
  namespace: string,
  more: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly report: LivenessReport }> {
  const inputs = ['--kubeconfig', kubeconfig, '-o', 'json'];
  const { code, stdout, stderr } = await run(['verify', target, '-n', namespace, ...inputs, ...more]);
  if (stdout === '') throw new Error(`verify printed nothing: ${stderr}`);
  return { code, report: JSON.parse(stdout) as LivenessReport };
}

const SIGNS_WITHIN = { deadline: 180_000, interval: 500 };

/** Runs an agent whose files are not there in a pod, and expects that `verify` says what is wrong. Returns what it says. */
export async function expectBroken(node: Node, one: Case, listener: Listener): Promise<string> {
  const { client, controlPlane, folder } = node;
  const { namespace } = one;
  const path = join(folder, 'empty');
  mkdirSync(path, { recursive: true });
  await prepareNamespace(node, { ...one, delivery: 'none' }, listener);
  await createClaim(client, { namespace, name: CLAIM, path });
  const annotations = ours({ delivery: one.delivery });
  const { object } = await client.create<Pod>(podOf(namespace, 'web', { annotations, spec: podSpec(one, listener) }));
  expect(recordOf(object), 'the decision').toMatchObject({ decision: 'injected' });
  try {
    return await waitFor(
      'verify to see what is wrong',
      async () => {
        const { code, report } = await verify(controlPlane.kubeconfigPath, 'pod/web', namespace);
        expect({ code, verdict: report.code }, report.message).toEqual({ code: 1, verdict: 'agent-failed' });
        return report.message;
      },
      SIGNS_WITHIN,
    );
  } finally {
    await client.delete({ kind: 'Pod', namespace, name: 'web' });
  }
}

/** Runs the agent in a pod, and expects its signs of life, the app's answer and the author's own value. Returns the first sign. */
export async function expectAlive(node: Node, one: Case, listener: Listener): Promise<string> {
  const { client } = node;
  const { namespace, agent, runtime, way } = one;
  await prepareNamespace(node, one, listener);
  const annotations = { ...ours({ delivery: one.delivery }), ...way.annotations(runtime.shared.value) };
  const { object } = await client.create<Pod>(podOf(namespace, 'web', { annotations, spec: podSpec(one, listener) }));
  expect(recordOf(object), 'the decision').toMatchObject({ decision: 'injected' });
  try {
    await runningPod(client, namespace, 'web');
    const observed = await waitFor(
      `the signs of ${agent.profile}`,
      async () => {
        const seen = observationIn(agent, await logsOf(client, namespace, 'web', 'web'), listener);
        if (isComplete(seen)) return seen;
        throw new Error(`signs ${JSON.stringify(seen.signs)}; output:\n${seen.output.slice(-3000)}`);
      },
      SIGNS_WITHIN,
    );
    expect(observed.ownValue, `the author's own ${runtime.shared.name}:\n${observed.output}`).toBe('seen');
    const verdict = await expectVerdict(node, one);
    return `${observed.signs[0] ?? ''}; verify: ${verdict}`;
  } finally {
    await client.delete({ kind: 'Pod', namespace, name: 'web' });
  }
}
