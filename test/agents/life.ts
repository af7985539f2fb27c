import { once } from 'node:events';
import { type Admission, admit } from '../../src/admission/admit.ts';
import { builtInCatalogue } from '../../src/profile-sources/builtin.ts';
import type { Catalogue } from '../../src/profiles/catalogue.ts';
import type { ClusterState } from '../../src/kubernetes/cluster-state.ts';
import type { Container, Pod } from '../../src/kubernetes/pod.ts';
import { parseProfile } from '../../src/profiles/parse.ts';
import { container as containerOf, namespace, pod as podOf } from '../support/fixtures.ts';
import { imageWith, LocalPod } from './container.ts';
import { commandOf, environmentOf, type Surroundings } from './kubelet.ts';
import { Listener } from './listener.ts';
import type { Runtime } from './runtimes.ts';
import profiles from './profiles/*.yaml';
import { filesOf, type Agent, type Sign } from './table.ts';
import type { Way } from './ways.ts';

/** The built-in profiles, and those of test/agents/profiles: agents that the catalogue does not have, by one document each. */
export const catalogue: Catalogue = withProfiles(builtInCatalogue(), Array.isArray(profiles) ? profiles : []);

function withProfiles(known: Catalogue, documents: readonly unknown[]): Catalogue {
  const more = documents.map((document) => {
    const read = parseProfile(document);
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    return [read.value.name, read.value] as const;
  });
  return { ...known, profiles: new Map([...known.profiles, ...more]) };
}

/** How long an agent may take to show itself: a JVM on a busy machine takes a while. */
const PATIENCE_MS = 100_000;

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
  const filledIn = (texts: Readonly<Record<string, string>>): Record<string, string> =>
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
    ...Object.entries({ APP_URL: listener.appUrl, ...filledIn(agent.env) }).map(([key, text]) => ({
      name: key,
      value: text,
    })),
  ];
  const pod = podOf([containerOf('web', { ...written, env })], way.annotations(value));
  const cluster: ClusterState = {
    // Before image volumes: a profile's init container is run, if it has one.
    kubernetes: { major: 1, minor: 34 },
    configMapKeys: (_, map) => {
      const data = configMaps.get(map);
      return data && new Set(Object.keys(data));
    },
  };
  const admission = admit(
    pod,
    namespace({ profile: agent.profile, ...filledIn(agent.annotations) }),
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

/** Runs the injected pod's containers on this machine until every sign is seen, the app has ended, or patience has. */
export async function live(agent: Agent, runtime: Runtime, way: Way): Promise<Life> {
  const watch = new Watch();
  const listener = await Listener.start(() => watch.look());
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

interface Filled {
  readonly local: LocalPod;
  readonly volumes: ReadonlyMap<string, string>;
}

const filled = new Map<string, Promise<Filled>>();

/**
 * The volumes that a pod's init containers have filled. Pods whose init containers are the same to the letter share them: to copy ten thousand
 * files for each of them anew would show nothing new.
 */
async function filledVolumes(pod: Pod, agent: Agent, around: Surroundings): Promise<Filled['volumes']> {
  const inits = pod.spec.initContainers ?? [];
  const key = JSON.stringify([filesOf(agent), inits, pod.spec.volumes]);
  const before = filled.get(key);
  const made = before ?? fill(pod, agent, around);
  filled.set(key, made);
  return (await made).volumes;
}

async function fill(pod: Pod, agent: Agent, around: Surroundings): Promise<Filled> {
  const inits = pod.spec.initContainers ?? [];
  const local = await LocalPod.make(pod, filesOf(agent));
  for (const init of inits) await runToItsEnd(local, init, agent, around);
  return { local, volumes: new Map(inits.flatMap((init) => [...local.volumesOf(init)])) };
}

/** Removes the volumes that pods have shared. */
export async function removeShared(): Promise<void> {
  for (const made of await Promise.allSettled(filled.values())) {
    if (made.status === 'fulfilled') await made.value.local.remove();
  }
}

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
  private whenChanged: () => void = () => undefined;

  look(): void {
    this.whenChanged();
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
      this.whenChanged = () => {
        if (!holds()) return;
        clearTimeout(timer);
        resolve();
      };
      this.whenChanged();
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
