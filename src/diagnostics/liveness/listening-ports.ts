/** State LISTEN in /proc/net/tcp and /proc/net/tcp6 (include/net/tcp_states.h). */
const LISTEN = '0A';

/** The ports of a pod on which a process listens, from the lines of /proc/net/tcp and /proc/net/tcp6. */
export function listeningPorts(text: string): ReadonlySet<number> {
  return new Set(
    text.split('\n').flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/);
      const port = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
      return state === LISTEN && port > 0 ? [port] : [];
    }),
  );
}
