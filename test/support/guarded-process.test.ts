import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { startProcess } from './guarded-process.ts';
import { waitFor } from './wait-for.ts';

const dir = mkdtempSync(join(tmpdir(), 'agent-injector-guard-'));
const logPath = join(dir, 'log');
afterAll(() => rmSync(dir, { recursive: true }));

const forever = 'setInterval(() => {}, 1000)';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a command ends with its owner, even if the owner is killed', async () => {
  const guard = fileURLToPath(new URL('guard.js', import.meta.url));
  const owner = spawn(
    process.execPath,
    [
      '-e',
      `require('node:child_process')
        .fork(${JSON.stringify(guard)}, [process.execPath, '-e', ${JSON.stringify(forever)}], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
        .on('message', ({ pid }) => console.log(pid));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(owner.stdout, 'data');
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await waitFor('the command to die', () => !isAlive(pid));
});

test('a command receives its signals, and its exit code is reported', async () => {
  const program = `process.on('SIGTERM', () => { console.log('drained'); process.exit(3); }); console.log('up'); ${forever}`;
  const started = await startProcess({ command: process.execPath, args: ['-e', program], logPath });
  await waitFor('the command to be up', () => started.log().includes('up'));
  expect(started.exit()).toBeUndefined();
  expect(await started.stop('SIGTERM')).toEqual({ code: 3, signal: null });
  expect(started.log()).toBe('up\ndrained\n');
  expect(isAlive(started.pid)).toBe(false);
});

test('the signal that killed a command is reported', async () => {
  const started = await startProcess({ command: process.execPath, args: ['-e', forever], logPath });
  expect(await started.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await started.stop()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a command that does not exist is an error', async () => {
  const absent = { command: join(dir, 'absent'), args: [], logPath };
  await expect(startProcess(absent)).rejects.toThrow(/cannot start .*absent.* ENOENT/s);
});
