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

/** Namespaces of the cluster, except in rows that vary the number. */
export const NAMESPACES = 1000;

/** Files for one kind of pods. */
export interface ReviewFiles {
  /** Reviews with the patches of the product. */
  readonly bodies: string;
  /** The fixed answer of a floor. */
  readonly fixed: string;
  readonly fixedPatch: string;
  /** Reviews with the patch of the fixed answer. */
  readonly floorBodies: string;
}

export interface Loading extends Partial<Job> {
  readonly connections: number;
  /** Deployments in each of the four namespaces. @default 16 */
  readonly deployments?: number;
  /** The floor answers with the patch for the recorded pod, whatever the pod. */
  readonly small?: boolean;
}

/** Shared by all rows: the certificate, the generator, the cluster and the review files. */
export interface Bench {
  readonly options: Options;
  readonly dir: string;
  readonly tlsDir: string;
  readonly ca: string;
  readonly generator: Generator;
  /** The cluster of 1,000 namespaces, started on first use. */
  readonly cluster: () => Promise<ControlPlane>;
  /** Writes the files for pods of this shape. */
  readonly reviews: (shape?: Shape, deployments?: number) => ReviewFiles;
  readonly floor: (kind: FloorKind, shape?: Shape, nodeFlags?: readonly string[]) => Promise<Server>;
  /** Starts the product with the cluster, or with other flags. */
  readonly product: (options?: Partial<ProductOptions>) => Promise<Server>;
  /** Loads a server for one window. */
  readonly window: (server: Server, loading: Loading, shape?: Shape) => Promise<Window>;
  /** The number of reviews that the server has answered so far. */
  readonly answeredBy: (server: Server) => number;
  readonly stop: () => Promise<void>;
}

export async function openBench(options: Options): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-bench-'));
  // Processes that are ending still write into the folder.
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
      // A failed start was reported by the caller of `cluster`.
      await (await cluster?.catch(() => undefined))?.stop();
      clear();
    },
  };
}

function withPatch(bodies: readonly Body[], patch: string): readonly Body[] {
  return bodies.map((body) => ({ ...body, patch }));
}
