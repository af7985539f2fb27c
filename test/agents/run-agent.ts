import { once } from 'node:events';
import { type Admission, admit } from '../../src/admission/admit.ts';
import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import type { ClusterState } from '../../src/kubernetes/cluster-state.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { container as containerOf, namespace, opened, pod as podOf } from '../support/fixtures.ts';
import { imageWith, LocalPod } from './container.ts';
import { commandOf, environmentOf, type Surroundings } from './kubelet.ts';
import { Listener } from './listener.ts';
import type { Runtime } from './runtimes.ts';
import { filesOf, type Agent, type Sign } from './table.ts';
import type { Way } from './ways.ts';

export const catalogue: Catalogue = opened(builtInCatalogue());

/** A JVM on a busy machine starts slowly. */
const TIMEOUT_MS = 100_000;

/** What was observed of a container with an agent. */
export interface Observation {
  /** The line that matches each of the agent's `signs`, or undefined. */
  readonly signs: readonly (string | undefined)[];
  /** The author's own value, as the program has read it. */
  readonly ownValue: string | undefined;
  /** True if the app answered its request. */
  readonly answered: boolean;
  readonly output: string;
  readonly received: readonly string[];
  /** The names of the services that reports in OTLP are of. */
  readonly services: readonly string[];
}

/** A pod that was injected like by the webhook, with the inputs of its kubelet. */
export interface Injected {
  readonly admission: Admission;
  readonly around: Surroundings;
}

/** Injects a pod with one container. */
export function inject(agent: Agent, runtime: Runtime, way: Way, listener: Listener): Injected {
  const { name, value } = runtime.shared;
  const withAddress = (texts: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [
        key,
        text.replaceAll('${address}', '127.0.0.1').replaceAll('${port}', String(listener.port)),
      ]),
    );
  const configMaps = way.configMaps(name, value);
  const written = way.container(name, value);
  const env = [
    ...(written.env ?? []),
    ...Object.entries({ APP_URL: listener.appUrl, ...withAddress(agent.env) }).map(([key, text]) => ({
      name: key,
      value: text,
    })),
  ];
  const pod = podOf([containerOf('web', { ...written, env })], way.annotations(value));
  const cluster: ClusterState = {
    // A version without image volumes, so that the init container of a profile runs.
    kubernetes: { major: 1, minor: 34 },
    configMapKeys: (_, map) => {
      const data = configMaps.get(map);
      return data && new Set(Object.keys(data));
    },
  };
  const admission = admit(
    pod,
    namespace({ profile: agent.profile, ...withAddress(agent.annotations) }),
    catalogue,
    cluster,
  );
  return { admission, around: { configMaps, secrets: new Map(Object.entries(agent.secrets)), fields: FIELDS } };
}

const FIELDS = {
  'spec.nodeName': 'node-7',
  'status.podIP': '127.0.0.1',
  'status.hostIP': '127.0.0.1',
  'metadata.namespace': 'shop',
  'metadata.uid': '5f3b1c7e-0000-4000-8000-000000000000',
  'spec.serviceAccountName': 'default',
};

/** Runs the containers of the injected pod on this machine, until everything is observed, the app ends, or a timeout. */
export async function runAgent(agent: Agent, runtime: Runtime, way: Way): Promise<Observation> {
  const watch = new OutputWatch();
  const listener = await Listener.start(() => watch.check());
  try {
    const { admission, around } = inject(agent, runtime, way, listener);
    const { pod, decision } = admission;
    if (decision.outcome !== 'injected') throw new Error(`not injected: ${JSON.stringify(decision)}`);
    const local = await LocalPod.make(pod, filesOf(agent), await filledVolumes(pod, agent, around));
    try {
      const [app] = pod.spec.containers;
      if (!app) throw new Error('the pod has no container');
      const environment = new Map([
        ...Object.entries({ PATH: PATH_OF_IMAGES, HOME: '/tmp', LANG: 'C.UTF-8', ...runtime.environment }),
        ...environmentOf(pod, app, around),
      ]);
      const child = local.start(app, { image: runtime.image, environment, command: runtime.command });
      const observed = (): Observation => observationIn(agent, watch.output, listener);
      const ended = watch.readFrom(child);
      await Promise.race([watch.until(() => isComplete(observed())), ended]);
      child.stdin.end();
      child.kill('SIGKILL');
      await ended;
      return observed();
    } finally {
      await local.remove();
    }
  } finally {
    await listener.stop();
  }
}

const PATH_OF_IMAGES = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Filled {
  readonly local: LocalPod;
  readonly volumes: ReadonlyMap<string, string>;
}

const filled = new Map<string, Promise<Filled>>();

/** Fills the volumes by running the init containers. Pods with identical init containers share the volumes, since copying takes long. */
async function filledVolumes(pod: Pod, agent: Agent, around: Surroundings): Promise<Filled['volumes']> {
  const inits = pod.spec.initContainers ?? [];
  const key = JSON.stringify([filesOf(agent), inits, pod.spec.volumes]);
  const existing = filled.get(key) ?? fill(pod, agent, around);
  filled.set(key, existing);
  return (await existing).volumes;
}

async function fill(pod: Pod, agent: Agent, around: Surroundings): Promise<Filled> {
  const inits = pod.spec.initContainers ?? [];
  const local = await LocalPod.make(pod, filesOf(agent));
  for (const init of inits) await runInitContainer(local, init, agent, around);
  return { local, volumes: new Map(inits.flatMap((init) => [...local.volumesOf(init)])) };
}

/** Removes the shared volumes. */
export async function removeShared(): Promise<void> {
  for (const result of await Promise.allSettled(filled.values())) {
    if (result.status === 'fulfilled') await result.value.local.remove();
  }
}

async function runInitContainer(local: LocalPod, init: Container, agent: Agent, around: Surroundings): Promise<void> {
  if (agent.image === undefined)
    throw new Error(`${agent.profile} has an init container, but agents.yaml has no image for it`);
  const environment = environmentOf({ spec: { containers: [init] } }, init, around);
  const child = local.start(init, {
    image: imageWith(filesOf(agent), agent.image),
    environment: new Map([['PATH', PATH_OF_IMAGES], ...environment]),
    command: commandOf(init, environment),
    workdir: agent.workdir,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  child.stdin.end();
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`init container ${init.name} ended with ${code}: ${output.slice(0, 2000)}`);
}

/** Collects the output of a process, and checks a condition whenever there is new output. */
class OutputWatch {
  output = '';
  private whenChanged: () => void = () => undefined;

  check(): void {
    this.whenChanged();
  }

  readFrom(child: ReturnType<LocalPod['start']>): Promise<unknown> {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.check();
      });
    }
    // A write to a killed process is not an error.
    child.stdin.on('error', () => undefined);
    return once(child, 'close');
  }

  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, TIMEOUT_MS);
      this.whenChanged = () => {
        if (!isMet()) return;
        clearTimeout(timer);
        resolve();
      };
      this.whenChanged();
    });
  }
}

export function isComplete({ signs, answered }: Observation): boolean {
  return answered && !signs.includes(undefined);
}

export function observationIn(agent: Agent, output: string, { received, headers, bodies }: Listener): Observation {
  const lines = output.split('\n');
  const services = bodies.flatMap((body) => serviceNamesIn(body));
  const find = (sign: Sign): string | undefined => {
    if ('output' in sign) return lines.find((line) => new RegExp(sign.output).test(line));
    if ('received' in sign) return received.find((head) => new RegExp(sign.received).test(head));
    if ('service' in sign) return services.find((name) => name === sign.service);
    const value = headers.map((one) => one[sign.header]).find((one) => one !== undefined);
    return value === undefined ? undefined : `${sign.header}: ${String(value)}`;
  };
  return {
    signs: agent.signs.map(find),
    ownValue: /^own value: (.*)$/m.exec(output)?.[1],
    answered: /^app answered: 200$/m.test(output),
    output,
    received,
    services,
  };
}

/** A KeyValue of a resource in OTLP's protobuf: field 1, the key; field 2, an AnyValue, whose field 1 is text. Names are shorter than 126 bytes. */
function serviceNamesIn(body: string): readonly string[] {
  const key = '\n\fservice.name\u0012';
  return body
    .split(key)
    .slice(1)
    .flatMap((rest) => (rest[1] === '\n' ? [rest.slice(3, 3 + rest.charCodeAt(2))] : []));
}
