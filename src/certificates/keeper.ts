import type { CaBundleWriter } from '../cluster/webhook-configuration/ca-bundle.ts';
import { sleep } from '../lib/clock.ts';
import { coalesce } from '../lib/coalesce.ts';
import { errorMessage } from '../lib/error-message.ts';
import { type Logger, ProblemLog } from '../lib/logger.ts';
import type { CertificateGauges } from '../metrics/types.ts';
import { ClientCaFile } from './client-ca.ts';
import { describeCertificate, expiryOf, identify } from './describe.ts';
import { PublishedHistory } from './published-history.ts';
import { SelfCheck, type ServerAddress } from './self-check.ts';
import { certificateBlocks, pathSecretOf, type ServerCertificate } from './server-certificate.ts';
import {
  type CertificateSource,
  CHECK_INTERVAL_MS,
  selectCertificate,
  type ServerTls,
  type SourceState,
} from './source.ts';
import { certificateGauges, type CertificateStatus, notReadyReasons } from './status.ts';
import type { WallClock } from './wall-clock.ts';

export interface KeeperOptions {
  readonly source: CertificateSource;
  readonly caBundle:
    | Pick<CaBundleWriter, 'published' | 'generation' | 'usePathSecret' | 'want' | 'status' | 'whenSynced' | 'stop'>
    | undefined;
  readonly servername: string;
  readonly clientCa: string | undefined;
  readonly log: Logger;
  readonly clock: WallClock;
}

export interface ListeningServer extends ServerAddress {
  /** Replaces the certificate. Throws if the TLS library rejects it. */
  readonly use: (tls: ServerTls) => void;
}

/** Authorities in caBundle that are kept for other replicas. */
const MAX_OTHERS = 32;

const FOREIGN =
  'the Secret contains a CA that no replica made: it was written by someone else, or restored from a backup. It is being replaced';

/** Time between checks while there is no certificate yet, in ms. */
const STARTUP_INTERVAL_MS = 500;

/**
 * Maintains the certificate while the server runs: serves what the source provides as soon as callers trust it, publishes its authorities in
 * caBundle, and checks that the API server could connect.
 */
export class CertificateKeeper {
  /** Checks now, or once more after the check in progress; resolves when done. Further checks follow by timer. */
  readonly check: () => Promise<void> = coalesce(() => this.#checkAndSchedule());
  readonly #options: KeeperOptions;
  readonly #clock: WallClock;
  readonly #problemLog: ProblemLog;
  readonly #clockLog: ProblemLog;
  readonly #foreignLog: ProblemLog;
  readonly #history: PublishedHistory;
  readonly #selfCheck: SelfCheck;
  readonly #clientCa: ClientCaFile | undefined;
  readonly #renewals = { leaf: 0, ca: 0 };
  readonly #stopping = new AbortController();
  #served: ServerCertificate | undefined;
  #authorities: string | undefined;
  #server: ListeningServer | undefined;
  #problem: string | undefined;
  #foreign: readonly string[] = [];
  #cancelTimer = (): void => {};

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#history = new PublishedHistory(options.source.propagationMs);
    this.#selfCheck = new SelfCheck(options.servername, options.clock);
    this.#clientCa = options.clientCa === undefined ? undefined : new ClientCaFile(options.clientCa);
    this.#problemLog = new ProblemLog(options.log, options.clock.monotonic);
    this.#clockLog = new ProblemLog(options.log, options.clock.monotonic);
    this.#foreignLog = new ProblemLog(options.log, options.clock.monotonic);
  }

  /** Checks until there is a certificate, however long that takes. Rejects when stopped. */
  async whenServed(): Promise<ServerTls> {
    const { source, caBundle } = this.#options;
    // A source that creates an authority needs to know which ones callers already trust.
    if (source.isShared) await caBundle?.whenSynced();
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      // oxlint-disable-next-line eslint/no-await-in-loop -- one check after the other
      await this.check();
      const isClientCaRead = !this.#clientCa || this.#clientCa.pem !== undefined;
      if (this.#served && isClientCaRead) return this.#tls(this.#served);
      // oxlint-disable-next-line eslint/no-await-in-loop -- as above
      await sleep(this.#clock.monotonic, STARTUP_INTERVAL_MS, this.#stopping.signal);
    }
  }

  async attach(server: ListeningServer): Promise<void> {
    // The certificate may have changed since the server was created.
    if (this.#served) server.use(this.#tls(this.#served));
    this.#server = server;
    await this.check();
  }

  hasCertificate(): boolean {
    return this.#served !== undefined;
  }

  problem(): string | undefined {
    return this.#problem;
  }

  notReady(): readonly string[] {
    return notReadyReasons(this.#status());
  }

  gauges(): CertificateGauges {
    return certificateGauges(this.#status());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelTimer();
    await Promise.all([this.check(), this.#options.caBundle?.stop()]);
  }

  async #checkAndSchedule(): Promise<void> {
    const { signal } = this.#stopping;
    this.#cancelTimer();
    if (signal.aborted) return;
    const recheckAfterMs = await this.#checkOnce().catch((error: unknown) => {
      this.#report(`checking the certificate failed: ${errorMessage(error)}`);
      return CHECK_INTERVAL_MS;
    });
    if (!signal.aborted) this.#cancelTimer = this.#clock.monotonic.after(recheckAfterMs, () => void this.check());
  }

  async #checkOnce(): Promise<number> {
    const { source, caBundle, log } = this.#options;
    // Read before the source: a configuration that changes meanwhile is not overwritten.
    const generation = caBundle?.generation() ?? 0;
    const state = await source.reconcile(this.#clock.now(), caBundle?.published());
    for (const change of state.changes) log.info({}, change);
    this.#reportForeign(state.foreign);
    const problems = [state.problem, await this.#loadClientCa(), this.#serve(state, generation)];
    this.#report(problems.find((problem) => problem !== undefined));
    const published = caBundle?.published();
    if (this.#server && this.#served && published)
      await this.#selfCheck.run(this.#server, this.#served.cert, published);
    this.#reportClock();
    return state.recheckAfterMs;
  }

  #serve({ certificate }: SourceState, generation: number): string | undefined {
    if (!certificate) return undefined;
    const { caBundle } = this.#options;
    const now = this.#clock.now();
    const published = this.#history.record(caBundle?.published(), now);
    const selected = selectCertificate(this.#served, certificate, published, now);
    this.#publish(certificate, generation);
    try {
      this.#use(selected);
    } catch (error) {
      return `the certificate cannot be served: ${errorMessage(error)}`;
    }
    return caBundle && certificate.ca === undefined
      ? 'there is no ca.crt next to tls.crt, so nothing can be written to caBundle'
      : undefined;
  }

  #use(certificate: ServerCertificate): void {
    const before = this.#served;
    if (certificate.cert !== before?.cert || certificate.key !== before.key) {
      this.#server?.use(this.#tls(certificate));
      if (before) this.#renewals.leaf += 1;
      this.#options.log.info({ ...describeCertificate(certificate.cert) }, 'serving with this certificate');
    }
    this.#served = certificate;
  }

  #publish({ ca = '', key }: ServerCertificate, generation: number): void {
    const { source, caBundle } = this.#options;
    if (ca !== this.#authorities) {
      if (this.#authorities !== undefined) this.#renewals.ca += 1;
      this.#authorities = ca;
    }
    if (!caBundle || ca === '') return;
    if (source.isShared) {
      caBundle.usePathSecret(pathSecretOf({ key }));
      caBundle.want(() => ca, generation);
      return;
    }
    // Another replica may need what it has published: only expired authorities are removed.
    const own = [...certificateBlocks(ca), ...certificateBlocks(this.#served?.ca ?? '')];
    caBundle.want((published) => {
      const others = certificateBlocks(published).filter((cert) => !isExpired(cert, this.#clock.now()));
      if (own.every((cert) => others.includes(cert))) return published;
      return [...new Set([...own, ...others.slice(0, MAX_OTHERS)])].join('');
    }, generation);
  }

  #loadClientCa(): Promise<string | undefined> | undefined {
    return this.#clientCa?.reload((clientCa) => {
      if (this.#served) this.#server?.use({ ...this.#tls(this.#served), clientCa });
    });
  }

  #status(): CertificateStatus {
    return {
      at: this.#clock.now(),
      served: this.#served,
      authorities: this.#authorities ?? '',
      problem: this.#problem,
      caBundle: this.#options.caBundle?.status(),
      selfCheck: this.#server ? this.#selfCheck.result : 'not listening',
      renewals: this.#renewals,
      foreign: this.#foreign.length,
    };
  }

  #tls({ cert, key }: ServerCertificate): ServerTls {
    return { cert, key, clientCa: this.#clientCa?.pem };
  }

  #report(problem: string | undefined): void {
    this.#problem = problem;
    if (problem === undefined) this.#problemLog.resolve({}, 'the certificate problem is resolved');
    else this.#problemLog.report({}, problem);
  }

  #reportForeign(foreign: readonly string[]): void {
    this.#foreign = foreign;
    if (foreign.length === 0) this.#foreignLog.resolve({}, 'every trusted CA was made by a replica again');
    else this.#foreignLog.report({ authorities: foreign.map(identify) }, FOREIGN);
  }

  #reportClock(): void {
    const aheadSeconds = Math.round(this.#clock.aheadMs() / 1000);
    if (aheadSeconds === 0) this.#clockLog.resolve({}, "this machine's clock agrees with the API server's again");
    else {
      const text = "this machine's clock differs from the API server's, whose time is used for certificates";
      this.#clockLog.report({ aheadSeconds }, text);
    }
  }
}

function isExpired(cert: string, at: Date): boolean {
  const expiry = expiryOf(cert);
  return !expiry || expiry <= at;
}
