import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import type { Window } from './load.ts';
import { areaOf, selfTimes, type CpuProfile, type Place } from './self-times.ts';
import { sourceLocator } from './source-locator.ts';
import { warmUp } from './throughput.ts';

/** A profile is useful only if the code is compiled. */
const MAX_WARM_UP_S = 60;

/**
 * Runs one server under load with the CPU profiler of Node.js, and prints its time by area, file and function. The time of a builtin
 * (JSON.parse, a system call) counts for its caller, or for `(program)`.
 */
export async function profile(bench: Bench, kind: 'product' | 'fastify' | 'raw'): Promise<void> {
  const { connections, strangers } = bench.options;
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-profile-'));
  const nodeFlags = ['--cpu-prof', `--cpu-prof-dir=${dir}`, '--cpu-prof-interval=200'];
  const server =
    kind === 'product' ? await bench.product({ nodeFlags }) : await bench.floor(kind, undefined, nodeFlags);
  await warmUp(bench, [server], MAX_WARM_UP_S);
  const window = await bench.window(server, { connections, strangers });
  await server.stop();
  const [file] = readdirSync(dir);
  const cpuProfile = JSON.parse(readFileSync(join(dir, file ?? ''), 'utf8')) as CpuProfile;
  rmSync(dir, { recursive: true });
  print(kind, window, cpuProfile);
}

function print(kind: string, window: Window, cpuProfile: CpuProfile): void {
  const times = selfTimes(cpuProfile, { from: window.from, to: window.to, locate: sourceLocator() });
  const total = times.reduce((sum, { micros }) => sum + micros, 0);
  const row = (micros: number, what: string): string =>
    `  ${((micros / total) * 100).toFixed(1).padStart(5)} %  ${((micros / total) * window.cpuPerReview).toFixed(2).padStart(6)} us  ${what}`;
  const top = (title: string, key: (place: Place) => string, most: number): void => {
    const sums = new Map<string, number>();
    for (const { place, micros } of times) sums.set(key(place), (sums.get(key(place)) ?? 0) + micros);
    console.log(`\n${title}`);
    const sorted = [...sums].toSorted(([, a], [, b]) => b - a);
    for (const [what, micros] of sorted.slice(0, most)) console.log(row(micros, what));
  };
  console.log(
    `\n${kind}: ${window.reviews} reviews, ${window.cpuPerReview.toFixed(1)} us of CPU each (the profiler's own share included)`,
  );
  top('By area (self time; as a share of the CPU of each review)', areaOf, 30);
  top('By file', ({ file }) => file, 30);
  top('By function', ({ file, line, name }) => `${name}  ${file}:${line}`, 40);
}
