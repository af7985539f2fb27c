import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { binaryPath } from '../support/assets.ts';
import type { Options } from './arguments.ts';
import { pinned } from './children.ts';
import type { Measured } from './measured.ts';
import { root } from './places.ts';
import type { Samples } from './samples.ts';

/** Adds the machine, the versions and the options to the samples. */
export function described(samples: Samples, { seconds, rounds, reviews }: Options): Measured {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'src', 'build.mjs', 'package-lock.json') === '' ? '' : '-changed';
  const fastify = JSON.parse(readFileSync(join(root, 'node_modules/fastify/package.json'), 'utf8')) as {
    version: string;
  };
  const kubernetes = execFileSync(binaryPath('kube-apiserver'), ['--version'], { encoding: 'utf8' });
  return {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: `${type()} ${release()}`,
      pinned,
    },
    versions: {
      node: process.version.slice(1),
      fastify: fastify.version,
      kubernetes: /v(\d[\w.]*)/.exec(kubernetes)?.[1] ?? kubernetes.trim(),
      commit: git('rev-parse', '--short=12', 'HEAD') + changed,
    },
    run: { day: new Date().toISOString().slice(0, 10), seconds, rounds, reviews },
    samples,
  };
}
