// The first module of all: a SIGTERM that comes while the server's modules are loaded ends it as one that comes later would, with exit code 0.
// `serve` sets handlers of its own and takes this one away. Other commands die of the signal, as programs do.
const quit = (): void => process.exit(0);

if (process.argv[2] === 'serve') process.once('SIGTERM', quit);

/** Leaves SIGTERM to whoever handles it from now on. */
export function releaseSignal(): void {
  process.off('SIGTERM', quit);
}
