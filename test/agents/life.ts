import { once } from 'node:events';
import { admit, type Admission } from '../../src/core/admit.ts';
import { builtInCatalogue } from '../../src/agents/built-in.ts';
import type { Cluster } from '../../src/core/cluster.ts';
import type { Container } from '../../src/core/pod.ts';
import { container as containerOf, namespace, pod as podOf } from '../core/fixtures.ts';
import { imageWith, LocalPod } from './container.ts';
import { commandOf, environmentOf, type Surroundings } from './kubelet.ts';
import { Listener } from './listener.ts';
import type { Runtime } from './runtimes.ts';
import { filesOf, type Agent, type Sign } from './table.ts';
import type { Way } from './ways.ts';

const catalogue = builtInCatalogue();

/** How long an agent may take to show itself: a JVM on a busy machine takes a while. */
const PATIENCE_MS = 60_000;

/** What a container under an agent has shown. */
export interface Life {
  /** The line in which each sign was seen, or undefined for one that was not, in the order of the agent's signs. */
  readonly signs: readonly (string | undefined)[];
  /** What the program saw of its author's own value. */
  readonly ownValue: string | undefined;
  /** Whether the app answered its request. */
  readonly answered: boolean;
  /** All that it printed. */
  readonly output: string;
  readonly received: readonly string[];
}

/** The pod of an author, injected as the webhook does it, with what a kubelet would know of it. */
export interface Injected {
  readonly admission: Admission;
  readonly around: Surroundings;
}

/** Has a pod with one container injected by the built-in profile of that name. */
export function inject(agent: Agent, runtime: Runtime, way: Way, listener: Listener): Injected {
  const { name, value } = runtime.shared;
  const fill = (texts: Readonly<Record<string, string>>): Record<string, string> =>
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
    ...Object.entries({ APP_URL: listener.appUrl, ...fill(agent.env) }).map(([key, text]) => ({
      name: key,
      value: text,
    })),
  ];
  const pod = podOf([containerOf('web', { ...written, env })], way.annotations(value));
  const cluster: Cluster = {
    // Before image volumes: a profile's init container is run, if it has one.
    kubernetes: { major: 1, minor: 34 },
    configMapKeys: (_, map) => {
      const data = configMaps.get(map);
      return data && new Set(Object.keys(data));
    },
  };
  const admission = admit(pod, namespace({ profile: agent.profile, ...fill(agent.annotations) }), catalogue, cluster);
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

/** Runs the injected pod's containers on this machine until every sign is seen, the app has ended, or patience has. */
export async function live(agent: Agent, runtime: Runtime, way: Way): Promise<Life> {
  const watch = new Watch();
  const listener = await Listener.start(() => watch.look());
  try {
    const { admission, around } = inject(agent, runtime, way, listener);
    const { pod, decision } = admission;
    if (decision.outcome !== 'injected') throw new Error(`not injected: ${JSON.stringify(decision)}`);
    const local = await LocalPod.make(pod, filesOf(agent));
    try {
      for (const init of pod.spec.initContainers ?? []) await runToItsEnd(local, init, agent, around);
      const [app] = pod.spec.containers;
      if (!app) throw new Error('the pod has no container');
      const environment = new Map([
        ...Object.entries({ PATH: PATH_OF_IMAGES, HOME: '/tmp', LANG: 'C.UTF-8', ...runtime.environment }),
        ...environmentOf(pod, app, around),
      ]);
      const child = local.start(app, { image: runtime.image, environment, command: runtime.command });
      const seen = (): Life => lifeIn(agent, watch.output, listener);
      const ended = watch.readFrom(child);
      await Promise.race([watch.until(() => isWhole(seen())), ended]);
      child.stdin.end();
      child.kill('SIGKILL');
      await ended;
      return seen();
    } finally {
      await local.remove();
    }
  } finally {
    await listener.stop();
  }
}

const PATH_OF_IMAGES = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

async function runToItsEnd(local: LocalPod, init: Container, agent: Agent, around: Surroundings): Promise<void> {
  if (agent.image === undefined)
    throw new Error(`an init container, but agents.yaml names no image for ${agent.profile}`);
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

/** Gathers what a process prints and looks again, each time that something is new, whether a condition holds. */
class Watch {
  output = '';
  private look_: () => void = () => undefined;

  look(): void {
    this.look_();
  }

  readFrom(child: ReturnType<LocalPod['start']>): Promise<unknown> {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.look();
      });
    }
    // Who is killed while it is written to is no error.
    child.stdin.on('error', () => undefined);
    return once(child, 'close');
  }

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      this.look_ = () => {
        if (!holds()) return;
        clearTimeout(timer);
        resolve();
      };
      this.look_();
    });
  }
}

function isWhole({ signs, answered }: Life): boolean {
  return answered && !signs.includes(undefined);
}

function lifeIn(agent: Agent, output: string, { received, headers }: Listener): Life {
  const lines = output.split('\n');
  const find = (sign: Sign): string | undefined => {
    if ('output' in sign) return lines.find((line) => new RegExp(sign.output).test(line));
    if ('received' in sign) return received.find((head) => new RegExp(sign.received).test(head));
    const value = headers.map((one) => one[sign.header]).find((one) => one !== undefined);
    return value === undefined ? undefined : `${sign.header}: ${String(value)}`;
  };
  return {
    signs: agent.signs.map(find),
    ownValue: /^own value: (.*)$/m.exec(output)?.[1],
    answered: /^app answered: 200$/m.test(output),
    output,
    received,
  };
}
