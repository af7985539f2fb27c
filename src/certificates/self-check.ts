import { connect } from 'node:tls';
import { isTrusted } from './server-certificate.ts';
import type { WallClock } from './wall-clock.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface SelfCheckOptions extends ServerAddress {
  readonly servername: string;
  readonly bundle: string;
  /** True if the certificate is valid by a better clock than this machine's: date errors of the handshake are ignored. */
  readonly ignoreDates?: boolean;
}

const INTERVAL_MS = 10_000;

const HANDSHAKE_TIMEOUT_MS = 3_000;

const DATE_ERRORS: ReadonlySet<unknown> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

const ANY_ADDRESS: Readonly<Record<string, string>> = { '::': '127.0.0.1', '0.0.0.0': '127.0.0.1' };

/** Checks periodically that callers which trust the published caBundles could connect to this server. */
export class SelfCheck {
  readonly #servername: string;
  readonly #clock: WallClock;
  #last: { readonly of: string; readonly at: number; readonly problem: string | undefined } | undefined;

  constructor(servername: string, clock: WallClock) {
    this.#servername = servername;
    this.#clock = clock;
  }

  get result(): { readonly problem: string | undefined } | undefined {
    return this.#last;
  }

  async run(address: ServerAddress, cert: string, published: readonly string[]): Promise<void> {
    const bundles = [...new Set(published)];
    const of = [cert, ...bundles].join('\n');
    const at = this.#clock.monotonic.now();
    if (this.#last?.of === of && at - this.#last.at < INTERVAL_MS) return;
    const isClockWrong = this.#clock.aheadMs() !== 0;
    const now = this.#clock.now();
    const checks = bundles.map((bundle) => {
      const ignoreDates = isClockWrong && isTrusted(cert, bundle, now);
      return checkSelf({ ...address, servername: this.#servername, bundle, ignoreDates });
    });
    const problems = await Promise.all(checks);
    this.#last = { of, at, problem: problems.find((problem) => problem !== undefined) };
  }
}

/**
 * Opens a TLS connection to this server as the API server would. Resolves to undefined, or to the reason why that fails. With TLS 1.3, a client
 * certificate is requested only after this part of the handshake.
 */
export function checkSelf(options: SelfCheckOptions): Promise<string | undefined> {
  const { port, host, servername, bundle, ignoreDates = false } = options;
  if (bundle.trim() === '') return Promise.resolve('caBundle is empty');
  return new Promise((resolve) => {
    const socket = connect({ port, host: ANY_ADDRESS[host] ?? host, servername, ca: bundle, minVersion: 'TLSv1.3' });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => {
      end(`no handshake within ${HANDSHAKE_TIMEOUT_MS} ms`);
    });
    socket.once('secureConnect', () => {
      end(undefined);
    });
    socket.on('error', (error) => {
      if (ignoreDates && 'code' in error && DATE_ERRORS.has(error.code)) end(undefined);
      end(error.message === '' ? error.name : error.message);
    });
  });
}
