import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../support/free-port.ts';
import { startProcess } from '../support/guarded-process.ts';
import { waitFor } from '../support/wait-for.ts';

/** The program that `PROMETHEUS` names, or the one on the PATH; undefined if there is none. */
export const prometheus: string | undefined = (() => {
  const program = process.env['PROMETHEUS'] || 'prometheus';
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0 ? program : undefined;
})();

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

export interface RangeSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: string])[];
}

export interface Prometheus {
  /** Evaluates a query now. Throws the error of an invalid query. */
  readonly query: (expr: string) => Promise<readonly Sample[]>;
  /** Evaluates a query for each second of the last minute. */
  readonly queryRange: (expr: string) => Promise<readonly RangeSample[]>;
  readonly stop: () => Promise<void>;
}

/** Starts Prometheus on loopback, with its files in this folder. Resolves once each job was scraped. */
export async function startPrometheus(dir: string, jobs: readonly object[]): Promise<Prometheus> {
  const config = join(dir, 'prometheus.yaml');
  const every = { scrape_interval: '200ms', scrape_timeout: '200ms' };
  writeFileSync(config, stringify({ global: every, scrape_configs: jobs }));
  const url = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'tsdb')}`, `--web.listen-address=${url}`];
  const command = { command: prometheus ?? 'prometheus', args, cwd: dir, logPath: join(dir, 'prometheus.log') };
  const started = await startProcess(command);
  const ask = async <T>(path: string, parameters: Readonly<Record<string, string>>): Promise<readonly T[]> => {
    const answer = await fetch(`http://${url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const body = (await answer.json()) as { status: string; error?: string; data: { result: readonly T[] } };
    if (body.status !== 'success') throw new Error(`${parameters['query']}: ${body.error}`);
    return body.data.result;
  };
  const query: Prometheus['query'] = (expr) => ask<Sample>('query', { query: expr });
  const queryRange: Prometheus['queryRange'] = (expr) => {
    const now = Date.now() / 1000;
    return ask<RangeSample>('query_range', { query: expr, start: String(now - 60), end: String(now), step: '1s' });
  };
  const stop = async (): Promise<void> => {
    await started.stop();
  };
  try {
    await waitFor('Prometheus to have scraped each job', async () => (await query('up == 1')).length === jobs.length, {
      hopeless: () => (started.exit() ? new Error(started.log()) : undefined),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { query, queryRange, stop };
}
