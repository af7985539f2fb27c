import { once } from 'node:events';
import { join } from 'node:path';
import { end, start } from './children.ts';
import type { Job, Window } from './load.ts';
import { built } from './places.ts';

/** The process that sends the load. It lives for the whole run, so that its code stays compiled. */
export interface Generator {
  /** Rejects at the first wrong answer or broken connection. */
  readonly run: (job: Job) => Promise<Window>;
  readonly stop: () => Promise<void>;
}

type Message = { readonly window: Window } | { readonly error: string };

export async function startGenerator(): Promise<Generator> {
  const command = [process.execPath, '--enable-source-maps', join(built, 'generator.mjs')] as const;
  const child = start('generator', [...command], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  const ended = once(child, 'exit').then((): Message => ({ error: 'the load generator has ended' }));
  return {
    run: async (job) => {
      const answer = once(child, 'message').then(([message]: Message[]) => message);
      child.send(job);
      const message = await Promise.race([answer, ended]);
      if (message && 'window' in message) return message.window;
      throw new Error(`port ${job.port}, ${job.connections} connections: ${message?.error}`);
    },
    stop: async () => end(child),
  };
}
