// The bench: docs/performance.md describes what it measures, `npm run bench -- --help` its options.
import { writeFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { readArguments, usage, type Options, type RowName } from './arguments.ts';
import { openBench, type Bench } from './bench.ts';
import { clusterGrowth } from './cluster-growth.ts';
import { coldStart } from './cold-start.ts';
import { creation } from './creation.ts';
import { described } from './described.ts';
import { firstReviews } from './first-reviews.ts';
import { measuredFile } from './measured.ts';
import { memory } from './memory.ts';
import { podGrowth } from './pod-growth.ts';
import { profile } from './profile.ts';
import { SampleBook } from './samples.ts';
import { boundOf, shown, verdictsOn } from './targets.ts';
import { throughput } from './throughput.ts';

const measures: Readonly<Record<RowName, (bench: Bench, book: SampleBook) => Promise<void>>> = {
  throughput,
  creation,
  'pod-growth': podGrowth,
  'cluster-growth': clusterGrowth,
  'cold-start': coldStart,
  'first-reviews': firstReviews,
  memory,
};

/** Measures the selected rows. Returns 1 if a target is missed. */
async function run(options: Options): Promise<number> {
  const bench = await openBench(options);
  const book = new SampleBook();
  try {
    if (options.profile) {
      await profile(bench, options.profile);
      return 0;
    }
    for (const row of options.only) {
      console.log(`== ${row}`);
      await measures[row](bench, book);
    }
  } finally {
    await bench.stop();
  }
  if (options.write) writeFileSync(measuredFile, `${JSON.stringify(described(book.samples, options), undefined, 1)}\n`);
  return summary(book, options);
}

function summary(book: SampleBook, { only, reportOnly }: Options): number {
  const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const verdicts = verdictsOn(book.samples, only);
  console.log('');
  for (const { target, value, met } of verdicts) {
    const word = met ? 'met' : target.aim === true ? 'not yet' : 'MISSED';
    const painted = colours
      ? styleText(met ? 'green' : target.aim === true ? 'yellow' : 'red', word.padEnd(7))
      : word.padEnd(7);
    console.log(`${painted} ${shown(value).padStart(7)} ${target.unit.padEnd(5)} ${target.what} (${boundOf(target)})`);
  }
  const targets = verdicts.filter(({ target }) => target.aim !== true);
  const missed = targets.filter(({ met }) => !met);
  console.log(`\n${targets.length - missed.length} of ${targets.length} targets met`);
  return missed.length > 0 && !reportOnly ? 1 : 0;
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
