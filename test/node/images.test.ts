import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsedJson, isObject, objectsIn } from '../../src/lib/json.ts';
import { recordOf, type Pod } from '../support/pod.ts';
import { run } from '../support/process.ts';
import { busybox, type ImageOptions, writeImage } from '../support/node/image.ts';
import { nodeBinary } from '../support/node/places.ts';
import { waitFor } from '../support/wait-for.ts';
import { optedInAt, startInjectedNode, type InjectedNode } from './injected-node.ts';
import { runningPod } from './pods.ts';

// What an image sets in its config survives beside the agent's part in the environment of the process: from the image, through the facts that
// `agent-injector image` makes of it and the ConfigMap that the server watches, to a pod that runs.

const FACTS = { namespace: 'default', name: 'image-facts' };

interface App {
  readonly profile: string;
  readonly variable: string;
  /** What the author of the image wants of the runtime. */
  readonly value: string;
  readonly env: readonly string[];
}

const apps: readonly App[] = [
  {
    profile: 'opentelemetry-nodejs',
    variable: 'NODE_OPTIONS',
    value: '--max-old-space-size=200 --title=$(HOME)',
    env: ['NODE_VERSION=22.18.0'],
  },
  {
    profile: 'opentelemetry-java',
    variable: 'JAVA_TOOL_OPTIONS',
    value: '-Xmx200m -Downer=image',
    env: ['JAVA_VERSION=jdk-21.0.8+9'],
  },
];

const imageName = ({ profile }: App): string => `localhost/${profile}-app:1`;

const imageOf = (app: App): ImageOptions => ({
  name: imageName(app),
  contents: busybox(nodeBinary('busybox')),
  command: ['sleep', '3600'],
  env: [...app.env, `${app.variable}=${app.value}`],
});

let node: InjectedNode;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-images-'));
  node = await startInjectedNode({ flags: { 'image-facts': `${FACTS.namespace}/${FACTS.name}` } });
  for (const app of apps) await node.addImage(imageOf(app));
});
afterAll(async () => {
  await node?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The facts of an image, by the command, under the name that the pod has for it. */
async function factsOf(app: App): Promise<object> {
  const { code, stdout, stderr } = await run(['image', `oci-archive:${writeImage(dir, imageOf(app))}`, '-o', 'facts']);
  expect(code, stderr).toBe(0);
  const document = parsedJson(stdout);
  if (!isObject(document)) throw new Error(stdout);
  return { ...document, images: objectsIn(document, 'images').map((one) => ({ ...one, image: imageName(app) })) };
}

/** The pod, and what its process has for the variable. */
async function started(
  app: App,
  namespace: string,
): Promise<{ readonly pod: Pod; readonly value: string | undefined }> {
  const settings = { profile: app.profile, delivery: 'preinstalled', 'otlp-endpoint': 'http://collector:4318' };
  await node.client.create({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, ...optedInAt('restricted', settings) },
  });
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 1000,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  await waitFor('the default ServiceAccount', () =>
    node.client.get({ kind: 'ServiceAccount', namespace, name: 'default' }),
  );
  await node.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'app' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'app', image: imageName(app), imagePullPolicy: 'Never', securityContext }],
    },
  });
  const pod = await runningPod(node.client, namespace, 'app');
  const environment = await node.exec(namespace, 'app', 'app', ['cat', '/proc/1/environ']);
  const found = environment.split('\0').find((one) => one.startsWith(`${app.variable}=`));
  return { pod, value: found?.slice(app.variable.length + 1) };
}

describe('the value that an image gives a variable', () => {
  test.each(apps)('$variable is lost where the image is not known', async (app) => {
    const { pod, value } = await started(app, `unknown-${app.profile}`);
    expect(value).toContain(app.profile);
    expect(value).not.toContain(app.value);
    expect(recordOf(pod)).toMatchObject({ containers: [{ image: 'unknown' }] });
  });

  describe('by facts', () => {
    beforeAll(async () => {
      const documents = await Promise.all(apps.map(factsOf));
      const data = Object.fromEntries(documents.map((one, index) => [`${index}.json`, JSON.stringify(one)]));
      await node.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: FACTS, data });
      await waitFor('the facts to be read', () =>
        node.injector.lines().some((line) => JSON.stringify(line).includes('"images":2')),
      );
    });

    test.each(apps)("$variable stays, and the agent's part is behind it", async (app) => {
      const { pod, value } = await started(app, `known-${app.profile}`);
      expect(value?.startsWith(`${app.value} `)).toBe(true);
      expect(value?.slice(app.value.length)).toContain(app.profile);
      expect(recordOf(pod)).toMatchObject({ containers: [{ kept: [app.variable] }] });
    });
  });
});
