import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { startProcess, type Exit, type GuardedProcess } from './guarded-process.ts';
import { httpGet, type TextAnswer } from './http-get.ts';
import { waitFor } from './wait-for.ts';

/** The bundle as a process: `agent-injector observe`. */
export interface ObserverProcess {
  readonly process: GuardedProcess;
  readonly adminUrl: string;
  readonly ask: (path: string) => Promise<TextAnswer>;
  /** The value of a series; undefined if there is none. */
  readonly metric: (series: string) => Promise<number | undefined>;
  readonly stop: (signal?: NodeJS.Signals) => Promise<Exit>;
}

export const BREAKERS = 'default/agent-injector-breaker';

const BUNDLE = fileURLToPath(new URL('../../dist/agent-injector.js', import.meta.url));

/** Starts an observer of the cluster, and waits until it is alive. */
export async function startObserver(
  kubeconfigPath: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ObserverProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-observe-'));
  const adminPort = await freePort();
  const flags = {
    kubeconfig: kubeconfigPath,
    host: '127.0.0.1',
    'admin-port': String(adminPort),
    breaker: BREAKERS,
    lease: 'default/agent-injector-observer',
    events: 'true',
    ...more,
  };
  const args = ['observe', ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])];
  const logPath = join(dir, 'log');
  const started = await startProcess({ command: process.execPath, args: [BUNDLE, ...args], cwd: dir, logPath });
  const ask = (path: string): Promise<TextAnswer> => httpGet(adminPort, path);
  await waitFor('the observer to be alive', async () => (await ask('/livez')).status === 200, {
    hopeless: () => (started.exit() ? new Error(started.log()) : undefined),
  });
  return {
    process: started,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    ask,
    metric: async (series) => {
      const { text } = await ask('/metrics');
      const line = text.split('\n').find((one) => one.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
    stop: async (signal) => {
      const exit = await started.stop(signal);
      rmSync(dir, { recursive: true, force: true });
      return exit;
    },
  };
}
