import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runtimes } from '../agents/runtimes.ts';
import { agents, filesOf } from '../agents/table.ts';
import { root } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';
import { blocksIn } from '../support/markdown.ts';
import { busybox, librariesOf, type ImageOptions } from '../support/node/image.ts';
import { startNode, type Node } from '../support/node/node.ts';
import { isRequired, nodeBinary } from '../support/node/places.ts';
import { podsOf } from '../support/pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { createVolume } from './claims.ts';
import { coreClrApp, jenniferFiles, PROFILER_SIGN } from './coreclr-app.ts';
import { logsOf } from './pods.ts';
import { productImage } from './product.ts';

// The quickstart of README.md, word for word, on a real node. What is replaced:
// - the commands of SUBSTITUTED: this machine has neither kind nor Docker
// - the images that they build or pull, which `images` adds to the node under the same names
// - kind's provisioner of volumes, by a folder of this machine

const run = promisify(execFile);

/** Commands that are not run: the node and its images are there instead. */
const SUBSTITUTED: readonly RegExp[] = [
  /^kind (?:create|delete) cluster$/,
  /^docker build -t (?:agent-injector:\S+|jennifer-dotnet:local) /,
  /^kind load docker-image (?:agent-injector:\S+|jennifer-dotnet:local)$/,
];

const quickstart = /^## Quickstart.*?(?=^## )/ms.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[0] ?? '';
const blocks = blocksIn(quickstart, 'sh').map((text) => {
  const [title = '', ...commands] = text.trim().split('\n');
  return { title: title.replace('# ', ''), commands };
});

const isSubstituted = (command: string): boolean => SUBSTITUTED.some((pattern) => pattern.test(command));

function agentOf(profile: string): ReturnType<typeof agents>[number] {
  const found = agents().find((one) => one.profile === profile && one.image !== undefined);
  if (!found) throw new Error(`test/agents/agents.yaml has no image of ${profile}`);
  return found;
}

/** Instead of tomcat: this machine's JVM and a web server. It is ready when the agent has started, as tomcat is. */
function javaApp(name: string): ImageOptions {
  const found = runtimes.get('jvm');
  if (!found?.ok) throw new Error(found?.missing ?? 'no JVM');
  const [java = ''] = found.runtime.command;
  const home = dirname(dirname(java));
  const server = [
    'import com.sun.net.httpserver.HttpServer;',
    'public class Server { public static void main(String[] a) throws Exception {',
    '  HttpServer.create(new java.net.InetSocketAddress(8080), 0).start(); } }',
  ];
  return {
    name,
    contents: new Map([
      ...librariesOf([java, ...['libjli.so', 'libnet.so', 'server/libjvm.so'].map((file) => join(home, 'lib', file))]),
      [home, { from: home }],
      ...etcOf(),
      ['/app/Server.java', { text: server.join('\n') }],
    ]),
    entrypoint: [java, '-XX:TieredStopAtLevel=1', '/app/Server.java'],
  };
}

/** Debian keeps the configuration of a JVM in /etc. */
function etcOf(): ImageOptions['contents'] {
  const folders = readdirSync('/etc').filter((name) => name.startsWith('java'));
  return new Map(folders.map((name) => [`/etc/${name}`, { from: `/etc/${name}` }]));
}

/** The real agent of OpenTelemetry, in an image of the name that the profile has. */
function openTelemetryImage(name: string): ImageOptions {
  const agent = agentOf('opentelemetry-java');
  return {
    name,
    contents: new Map([...busybox(nodeBinary('busybox')), [agent.image ?? '', { from: filesOf(agent) }]]),
  };
}

/** The Dockerfile of the example, of busybox and what stands in for the vendor's files: a library that the CLR loads. */
function jenniferImage(name: string): ImageOptions {
  return { name, contents: new Map([...busybox(nodeBinary('busybox')), ['/netagent', { from: jenniferFiles() }]]) };
}

const OPENTELEMETRY_IMAGE = /default: (ghcr\.io\/\S+autoinstrumentation-java:\S+)/;

function images(): readonly ImageOptions[] {
  const profile = readFileSync(join(root, 'src/agents/opentelemetry-java.yaml'), 'utf8');
  return [
    { ...productImage(), name: 'docker.io/library/agent-injector:0.1.0' },
    javaApp('docker.io/library/tomcat:10.1'),
    openTelemetryImage(OPENTELEMETRY_IMAGE.exec(profile)?.[1] ?? ''),
    jenniferImage('docker.io/library/jennifer-dotnet:local'),
    coreClrApp('mcr.microsoft.com/dotnet/samples:aspnetapp'),
  ];
}

let node: Node;

/** Runs the commands of a block as a shell does, and ends at the first that fails. Returns what they print. */
async function runBlock(commands: readonly string[]): Promise<string> {
  const script = commands.filter((command) => !isSubstituted(command)).join('\n');
  const path = [dirname(helm ?? ''), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH: path, KUBECONFIG: node.controlPlane.kubeconfigPath };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: root, env });
  return stdout;
}

/** What else than the exit codes shows that a block has done what it says. */
const signs: Readonly<Record<string, (output: string) => unknown>> = {
  2: (output) => {
    expect(output).toMatch(/web-\S+ +1\/1 +Running .* opentelemetry-java$/m);
    expect(output).toMatch(/opentelemetry-javaagent - version: \d/);
  },
  4: async (output) => {
    expect(output).toMatch(/web-\S+ +1\/1 +Running .* jennifer-dotnet$/m);
    const [pod] = await podsOf(node.client, { namespace: 'shop-dotnet', name: 'web' }, 1);
    await waitFor('the CLR to load the profiler', async () =>
      (await logsOf(node.client, 'shop-dotnet', pod.metadata?.name ?? '', 'web')).includes(PROFILER_SIGN),
    );
  },
};

const hasRuntimes = ['jvm', 'dotnet'].every((name) => [...runtimes].some(([one, found]) => one === name && found.ok));

describe.skipIf(!isRequired && !hasRuntimes)('the quickstart of README.md', () => {
  beforeAll(async () => {
    node = await startNode();
    for (const image of images()) await node.addImage(image);
    const folder = join(node.folder, 'provisioned');
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    await createVolume(node.client, 'provisioned', folder);
  });
  afterAll(() => node?.stop());

  test('has its steps, and every substitution', () => {
    expect(blocks.map(({ title }) => title.slice(0, 2))).toEqual(['1.', '2.', '3.', '4.', '5.']);
    const commands = blocks.flatMap((block) => block.commands);
    for (const pattern of SUBSTITUTED) expect(commands.some((command) => pattern.test(command))).toBe(true);
  });

  test.each(blocks)('$title', async ({ title, commands }) => {
    const output = await runBlock(commands);
    await signs[Number.parseInt(title, 10)]?.(output);
  });
});
