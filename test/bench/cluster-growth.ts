import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../support/control-plane.ts';
import { NAMESPACES, type Bench } from './bench.ts';
import { startCluster } from './cluster.ts';
import { root } from './places.ts';
import { residentMiB } from '../support/process-figures.ts';
import type { SampleBook } from './samples.ts';
import type { Server } from './servers.ts';
import { interleaved, warmUp, type Contender } from './throughput.ts';

const SETTLED_MS = 5000;
const FEW = 10;
const MANY = 10_000;
const PROFILES = [1, 20, 100];

/** CPU per review and memory, with 10, 1,000 and 10,000 namespaces, and with 1, 20 and 100 profiles of users. */
export async function clusterGrowth(bench: Bench, book: SampleBook): Promise<void> {
  const few = await startCluster(join(bench.dir, `cluster-${FEW}`), FEW);
  const many = await startCluster(join(bench.dir, `cluster-${MANY}`), MANY);
  try {
    const usual = await bench.cluster();
    await memoryAtRest(bench, book, { few, many });
    const withProduct = async (
      variant: string,
      plane: ControlPlane,
      profiles?: string,
    ): Promise<readonly [string, Server]> => {
      const flags = { kubeconfig: plane.kubeconfigPath, ...(profiles !== undefined && { profiles }) };
      return [variant, await bench.product({ flags })];
    };
    const servers: (readonly [string, Server])[] = [
      await withProduct(`${FEW} namespaces`, few),
      await withProduct(`${NAMESPACES} namespaces`, usual),
      await withProduct(`${MANY} namespaces`, many),
    ];
    for (const count of PROFILES) {
      servers.push(
        await withProduct(`${count} ${count === 1 ? 'profile' : 'profiles'}`, usual, writeProfiles(bench.dir, count)),
      );
    }
    await warmUp(
      bench,
      servers.map(([, server]) => server),
    );
    const contenders = servers.map(([variant, server]): Contender => ({
      name: variant,
      server,
      run: async () => bench.window(server, { connections: 8, strangers: true }),
      takes: ({ cpuPerReview }) => {
        const at = { row: 'cluster-growth', variant, server: 'product' };
        book.add({ ...at, figure: 'cpu' }, cpuPerReview);
        book.add({ ...at, figure: 'rss-under-load' }, residentMiB(server.pid));
      },
    }));
    await interleaved(bench.options.rounds, contenders);
    for (const [, server] of servers) await server.stop();
  } finally {
    await few.stop();
    await many.stop();
  }
}

async function memoryAtRest(
  bench: Bench,
  book: SampleBook,
  planes: { readonly few: ControlPlane; readonly many: ControlPlane },
): Promise<void> {
  for (let round = 0; round < bench.options.rounds; round += 1) {
    const [few, many] = await Promise.all(
      [planes.few, planes.many].map(async ({ kubeconfigPath }) =>
        bench.product({ flags: { kubeconfig: kubeconfigPath } }),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    for (const [variant, server] of [
      [`${FEW} namespaces`, few],
      [`${MANY} namespaces`, many],
    ] as const) {
      if (!server) continue;
      const value = residentMiB(server.pid);
      book.add({ row: 'cluster-growth', variant, server: 'product', figure: 'rss' }, value);
      console.log(`  ${variant}: ${value.toFixed(1)} MiB at rest`);
      await server.stop();
    }
  }
}

/** Writes a directory of profiles: copies of the built-in ones with other names. */
function writeProfiles(dir: string, count: number): string {
  const folder = join(root, 'src/agents');
  const documents = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const into = join(dir, `profiles-${count}`);
  mkdirSync(into);
  for (let index = 0; index < count; index += 1) {
    const document = documents[index % documents.length] ?? '';
    writeFileSync(
      join(into, `team-${index}.yaml`),
      document.replace(/^(metadata:\n {2}name: ).*$/m, `$1team-${index}`),
    );
  }
  return into;
}
