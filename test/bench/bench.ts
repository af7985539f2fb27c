import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { issueServerCertificate } from '../../src/certificates/issue.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import type { Options } from './arguments.ts';
import { startCluster } from './cluster.ts';
import type { Body, Job, Window } from './load.ts';
import { startGenerator, type Generator } from './load-generator.ts';
import { answerTo, reviewBodies, type Shape } from './reviews.ts';
import { startFloor, startProduct, type FloorKind, type ProductOptions, type Server } from './servers.ts';

/** As many namespaces as the product knows of in every row but those that vary it. */
export const NAMESPACES = 1000;

/** Files of reviews of one kind of pods. */
export interface ReviewFiles {
  /** With the patches that the product answers. */
  readonly bodies: string;
  /** What a floor answers to all of them. */
  readonly fixed: string;
  readonly fixedPatch: string;
  /** With that as the patch of each. */
  readonly floorBodies: string;
}

/** How a server is loaded. */
export interface Loading extends Partial<Job> {
  readonly connections: number;
  /** Deployments in each of the four namespaces, if not 16. */
  readonly deployments?: number;
  /** The floor was started with the answer for the recorded pod, whatever the pod. */
  readonly small?: boolean;
}

/** What the rows share: one certificate for all servers, one generator, one cluster, files of reviews. */
export interface Bench {
  readonly options: Options;
  readonly dir: string;
  readonly tlsDir: string;
  readonly ca: string;
  readonly generator: Generator;
  /** The cluster of 1,000 namespaces; made when first asked for. */
  readonly cluster: () => Promise<ControlPlane>;
  /** A file of reviews of such pods, and of the answer that floors give to them. */
  readonly reviews: (shape?: Shape, deployments?: number) => ReviewFiles;
  readonly floor: (kind: FloorKind, shape?: Shape, nodeFlags?: readonly string[]) => Promise<Server>;
  /** The product beside the cluster, or with other flags. */
  readonly product: (options?: Partial<ProductOptions>) => Promise<Server>;
  /** One window of load on a server. */
  readonly window: (server: Server, loading: Loading, shape?: Shape) => Promise<Window>;
  /** How many reviews it has answered so far. */
  readonly answeredBy: (server: Server) => number;
  readonly stop: () => Promise<void>;
}

/** Opens what all rows share. */
export async function openBench(options: Options): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-bench-'));
  // Whatever is still being ended writes into it for a moment.
  const clear = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.on('exit', clear);
  const { cert, key, ca } = await issueServerCertificate(['127.0.0.1', 'localhost'], new Date());
  const write = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content, { mode: 0o600 });
    return join(dir, name);
  };
  const tlsDir = join(dir, 'tls');
  mkdirSync(tlsDir);
  for (const [name, content] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca }))
    write(`tls/${name}`, content);
  const generator = await startGenerator();
  let cluster: Promise<ControlPlane> | undefined;
  const answered = new Map<number, number>();
  const written = new Map<string, ReviewFiles>();

  const reviews: Bench['reviews'] = (shape, deployments) => {
    const name = `${shape ? `${shape.containers}x${shape.variables}` : 'recorded'}-${deployments ?? 'usual'}`;
    const known = written.get(name);
    if (known) return known;
    const bodies = reviewBodies(shape, deployments);
    const fixed = answerTo(bodies[0]?.json ?? '');
    const files = {
      bodies: write(`${name}.json`, JSON.stringify(bodies)),
      fixed: write(`${name}-fixed.json`, JSON.stringify(fixed)),
      fixedPatch: fixed.patch,
      floorBodies: write(`${name}-floor.json`, JSON.stringify(withPatch(bodies, fixed.patch))),
    };
    written.set(name, files);
    return files;
  };
  const smallAnswers = ({ bodies }: ReviewFiles): string => {
    const all = JSON.parse(readFileSync(bodies, 'utf8')) as readonly Body[];
    return write(`${basename(bodies)}-small.json`, JSON.stringify(withPatch(all, reviews().fixedPatch)));
  };
  const planeOf = async (): Promise<ControlPlane> => (cluster ??= startCluster(join(dir, 'cluster'), NAMESPACES));
  return {
    options,
    dir,
    tlsDir,
    ca,
    generator,
    cluster: planeOf,
    reviews,
    floor: async (kind, shape, nodeFlags = []) => startFloor(kind, reviews(shape).fixed, { tlsDir, nodeFlags }),
    product: async (more = {}) => {
      const flags = more.flags ?? { kubeconfig: (await planeOf()).kubeconfigPath };
      return startProduct({ tlsDir, ...more, flags });
    },
    window: async (server, { small = false, deployments, ...job }, shape) => {
      const files = reviews(shape, deployments);
      const floor = server.name === 'raw' || server.name === 'fastify';
      const bodies = small ? smallAnswers(files) : floor ? files.floorBodies : files.bodies;
      const { port, pid } = server;
      const result = await generator.run({ port, pid, ca, bodies, settle: 0.5, seconds: options.seconds, ...job });
      answered.set(pid, (answered.get(pid) ?? 0) + result.answered);
      return result;
    },
    answeredBy: ({ pid }) => answered.get(pid) ?? 0,
    stop: async () => {
      await generator.stop();
      // Where it could not be started, somebody else says so.
      await (await cluster?.catch(() => undefined))?.stop();
      clear();
    },
  };
}

function withPatch(bodies: readonly Body[], patch: string): readonly Body[] {
  return bodies.map((body) => ({ ...body, patch }));
}
