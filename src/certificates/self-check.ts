import { connect } from 'node:tls';

export interface SelfCheckOptions {
  readonly port: number;
  /** The address that the server listens on. */
  readonly host: string;
  /** By which callers call. */
  readonly servername: string;
  /** Whom callers trust, PEM. */
  readonly bundle: string;
  /** Whether a better clock than this machine's says that the certificate is valid now: what TLS finds wrong with its dates does not count then. */
  readonly isInTime?: boolean;
}

const DATE_ERRORS: ReadonlySet<unknown> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

const TIMEOUT_MS = 3_000;

const ANY_ADDRESS: Readonly<Record<string, string>> = { '::': '127.0.0.1', '0.0.0.0': '127.0.0.1' };

/**
 * Opens a connection to this server as the API server would, by the authorities that it has been given and the name by which it calls.
 * Undefined when that goes well, else why not. A server that wants a client certificate asks for it after this much of the handshake (TLS 1.3).
 */
export function checkSelf({
  port,
  host,
  servername,
  bundle,
  isInTime = false,
}: SelfCheckOptions): Promise<string | undefined> {
  if (bundle.trim() === '') return Promise.resolve('caBundle is empty');
  return new Promise((resolve) => {
    const socket = connect({ port, host: ANY_ADDRESS[host] ?? host, servername, ca: bundle, minVersion: 'TLSv1.3' });
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.setTimeout(TIMEOUT_MS, () => {
      end(`no handshake within ${TIMEOUT_MS} ms`);
    });
    socket.once('secureConnect', () => {
      end(undefined);
    });
    socket.on('error', (error) => {
      if (isInTime && 'code' in error && DATE_ERRORS.has(error.code)) end(undefined);
      end(error.message === '' ? error.name : error.message);
    });
  });
}
