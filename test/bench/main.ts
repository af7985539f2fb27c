// The bench: see docs/performance.md for what it measures and how, `npm run bench -- --help` for its options.
import { readArguments, usage, type Options } from './arguments.ts';
import { openBench, type Bench } from './bench.ts';
import { profile } from './profile.ts';
import { interleaved, warmUp } from './throughput.ts';

async function run(options: Options): Promise<number> {
  const bench = await openBench(options);
  try {
    if (options.profile) {
      await profile(bench, options.profile, options.connections);
      return 0;
    }
    return await measure(bench);
  } finally {
    await bench.stop();
  }
}

async function measure(bench: Bench): Promise<number> {
  const servers = [await bench.floor('raw'), await bench.floor('fastify'), await bench.product()];
  await warmUp(bench, servers);
  for (const connections of [8, 64]) await interleaved(bench, servers, connections);
  for (const server of servers) await server.stop();
  console.log('decisions in the log:', await servers.at(-1)?.logged?.());
  return 0;
}

function chosenOptions(): Options | undefined {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    return undefined;
  }
  try {
    return readArguments(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

const chosen = chosenOptions();
if (chosen) process.exit(await run(chosen));
