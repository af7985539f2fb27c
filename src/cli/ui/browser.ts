import { spawn } from 'node:child_process';

const OPENERS: { readonly [platform in NodeJS.Platform]?: readonly [command: string, ...args: string[]] } = {
  darwin: ['open'],
  // The first argument of start is the title of a window.
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens an address in the browser of the user. Where there is none, nothing happens: the address was printed. */
export function openBrowser(address: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
  child.once('error', () => {});
  child.unref();
}
