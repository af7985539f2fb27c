import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Samples } from './samples.ts';

/** A complete run, the source of docs/benchmarks.md. */
export interface Measured {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly kernel: string;
    /** True if server and generator have a core each. */
    readonly pinned: boolean;
  };
  readonly versions: {
    readonly node: string;
    readonly fastify: string;
    readonly kubernetes: string;
    /** The commit, with the suffix `-changed` if files differ from it. */
    readonly commit: string;
  };
  readonly run: { readonly day: string; readonly seconds: number; readonly rounds: number; readonly reviews: number };
  readonly samples: Samples;
}

export const measuredFile: string = join(import.meta.dirname, 'measured.json');

/** The last stored run; empty before the first. */
export function readMeasured(): Partial<Measured> {
  return JSON.parse(readFileSync(measuredFile, 'utf8')) as Partial<Measured>;
}
