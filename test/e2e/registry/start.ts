import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { crane, run } from '../../support/deploy-tools.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';

export interface StartedRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Runs crane, the client. Throws an Error with its words. */
  readonly client: (...args: readonly string[]) => void;
  readonly stop: () => Promise<void>;
}

/** Starts a real registry, of go-containerregistry, without images. */
export async function startRegistry(): Promise<StartedRegistry> {
  const host = `127.0.0.1:${await freePort()}`;
  const registry = spawn(crane ?? '', ['registry', 'serve', '--address', host], { stdio: 'ignore' });
  await waitFor('the registry', () => fetch(`http://${host}/v2/`).then(({ ok }) => ok));
  return {
    host,
    client: (...args) => {
      const { code, stderr } = run(crane ?? '', args);
      if (code !== 0) throw new Error(stderr);
    },
    stop: async () => {
      const ended = once(registry, 'exit');
      registry.kill();
      await ended;
    },
  };
}
