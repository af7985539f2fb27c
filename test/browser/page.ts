import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable } from '../support/built.ts';
import { startProcess, type GuardedProcess } from '../support/guarded-process.ts';
import { waitFor } from '../support/wait-for.ts';

/** `agent-injector ui` as a process. */
export interface Ui {
  /** The address with the token, as it is printed. It opens one session. */
  readonly url: string;
  readonly origin: string;
  /** The address of the page for those who have the session, with a slash at its end. */
  readonly base: string;
  readonly process: GuardedProcess;
  readonly stop: () => Promise<void>;
}

/** Starts it with these arguments, without a browser. */
export async function startUi(args: readonly string[]): Promise<Ui> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-injector-ui-'));
  const started = await startProcess({
    command: process.execPath,
    args: [executable, 'ui', '--no-browser', ...args],
    cwd: dir,
    logPath: join(dir, `log-${randomBytes(4).toString('hex')}`),
  });
  const stop = async (): Promise<void> => {
    await started.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const url = await waitFor('ui to print its address', () => /^http:\/\/\S+$/m.exec(started.log())?.[0], {
      hopeless: () => (started.exit() ? new Error(started.log()) : undefined),
    });
    const { origin, pathname } = new URL(url.replace('[::]', '127.0.0.1'));
    return { url, origin, base: `${origin}${pathname}`, process: started, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
