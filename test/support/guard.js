// Runs a command that must not outlive its parent: `fork('guard.js', [COMMAND, ARG…])`. When the parent ends, even by SIGKILL, the IPC channel
// closes and the command is killed. The first message is the process id of the command, and the last one its exit.
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

process.on('disconnect', () => child.kill('SIGKILL'));
process.on('message', (signal) => child.kill(signal));
// A signal to the guard is meant for the command.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));

const send = (message) => {
  if (process.connected) process.send(message, () => {});
};
child.on('spawn', () => send({ pid: child.pid }));
child.on('error', (error) => {
  console.error(String(error));
  process.exitCode = 127;
  process.disconnect?.();
});
child.on('exit', (code, signal) => {
  const end = () => process.exit(code ?? 1);
  if (process.connected) process.send({ code, signal }, end);
  else end();
});
