// Runs a command that must not outlive whoever started it: `fork('guard.js', [COMMAND, ARG…])`. The channel between the two breaks when
// the owner ends, however it ends; then the command is killed. Says the command's process id first, and how it ended last.
import { spawn } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

process.on('disconnect', () => child.kill('SIGKILL'));
process.on('message', (signal) => child.kill(signal));
// A signal to the guard alone is for the command.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));

const tell = (message) => {
  if (process.connected) process.send(message, () => {});
};
child.on('spawn', () => tell({ pid: child.pid }));
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
