import { readFile } from 'node:fs/promises';
import type { CaBundleWriter } from '../cluster/webhook-configuration/ca-bundle.ts';
import { driftFields } from '../cluster/webhook-configuration/drift.ts';
import { systemClock } from '../lib/clock.ts';
import { type Logger, TroubleLog } from '../lib/logger.ts';
import type { CertificateGauges } from '../metrics/types.ts';
import { describeCertificate, expiryOf } from './describe.ts';
import { PublishedHistory } from './published-history.ts';
import { checkSelf } from './self-check.ts';
import { certificateBlocks, isTrusted, type ServerCertificate } from './server-certificate.ts';
import { type CertificateSource, choose, CHECK_INTERVAL_MS, type Offer, type ServerTls } from './source.ts';
import { type WallClock, wallClockOf } from './wall-clock.ts';

export interface KeeperOptions {
  readonly source: CertificateSource;
  readonly registration:
    | Pick<CaBundleWriter, 'published' | 'generation' | 'want' | 'status' | 'whenSynced' | 'stop'>
    | undefined;
  /** By which the API server calls: with a registration, this server is called by it, too. */
  readonly servername: string;
  /** A file of the authorities of callers; read again at each look. */
  readonly clientCa: string | undefined;
  readonly log: Logger;
  readonly clock?: WallClock;
}

/** The server, once it listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Throws when the TLS library does not take it. */
  readonly use: (tls: ServerTls) => void;
}

/** How often the server calls itself while nothing changes. */
const CALL_EVERY_MS = 10_000;

/**
 * Looks after the certificate while the server runs: takes what the source offers into service as soon as callers trust it, has the
 * authorities published, and sees for itself whether the API server could call.
 */
export class CertificateKeeper {
  private readonly options: KeeperOptions;
  private readonly clock: WallClock;
  private readonly problems: TroubleLog;
  private readonly clocks: TroubleLog;
  private served: ServerCertificate | undefined;
  private authorities: string | undefined;
  private clientCa: string | undefined;
  private listening: Listening | undefined;
  private problem: string | undefined;
  private readonly history: PublishedHistory;
  private readonly renewals = { leaf: 0, ca: 0 };
  private call: { readonly of: string; readonly at: Date; readonly why: string | undefined } | undefined;
  private checking: Promise<void> | undefined;
  private busy = false;
  private again = false;
  private stopped = false;
  private cancelCheck = (): void => {};

  constructor(options: KeeperOptions) {
    this.options = options;
    this.clock = options.clock ?? wallClockOf(undefined);
    this.history = new PublishedHistory(options.source.settleMs);
    this.problems = new TroubleLog(options.log, systemClock);
    this.clocks = new TroubleLog(options.log, systemClock);
  }

  /** Looks now, or once more after the look that is under way; resolves when that is over. Then looks come by themselves. */
  async check(): Promise<void> {
    this.again = true;
    if (!this.busy) this.checking = this.checkAll();
    await this.checking;
  }

  /** Looks again and again until there is a certificate, however long that takes. */
  async whenServed(): Promise<ServerTls> {
    const { source, registration, clientCa } = this.options;
    // A source that makes an authority wants to know whom callers trust already.
    if (source.isShared) await registration?.whenSynced();
    for (;;) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- one look after the other
      await this.check();
      if (this.served && (clientCa === undefined || this.clientCa !== undefined)) return this.tls(this.served);
      // oxlint-disable-next-line eslint/no-await-in-loop
      await new Promise<void>((resolve) => this.clock.after(500, resolve));
    }
  }

  /** From now on there is a server whose certificate can be exchanged, and that can be called. */
  async attach(listening: Listening): Promise<void> {
    // The one with which it was made may be of yesterday.
    if (this.served) listening.use(this.tls(this.served));
    this.listening = listening;
    await this.check();
  }

  hasCertificate(): boolean {
    return this.served !== undefined;
  }

  /** What keeps a source from offering anything, or anything better. */
  trouble(): string | undefined {
    return this.problem;
  }

  /** Why a caller would not be answered right, as far as certificates go; a sentence each. */
  unready(): readonly string[] {
    const { served, problem } = this;
    if (!served)
      return [`there is no certificate yet${problem === undefined ? '' : `: ${problem}`}`, ...this.untrusted()];
    const expiry = expiryOf(served.cert);
    return [
      ...(expiry && expiry > this.clock.now() ? [] : [`the certificate expired at ${expiry?.toISOString() ?? '?'}`]),
      ...this.untrusted(),
    ];
  }

  gauges(): CertificateGauges {
    const { served, authorities = '' } = this;
    const vouching = certificateBlocks(authorities).filter(
      (cert) => served && isTrusted(served.cert, cert, this.clock.now()),
    );
    const status = this.options.registration?.status();
    const drift = status?.drift ?? [];
    return {
      expiry: {
        leaf: served && expiryOf(served.cert),
        ca: vouching.map(expiryOf).reduce((last, one) => (last && one && last > one ? last : one), undefined),
      },
      renewals: this.renewals,
      hasProblem: this.problem !== undefined || status?.trouble !== undefined,
      repairs: status?.repairs ?? 0,
      drift: Object.fromEntries(driftFields.map((name) => [name, drift.filter(({ field }) => field === name).length])),
    };
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelCheck();
    await Promise.all([this.checking, this.options.registration?.stop()]);
  }

  private async checkAll(): Promise<void> {
    let againInMs = 0;
    this.busy = true;
    while (this.again && !this.stopped) {
      this.again = false;
      // oxlint-disable-next-line eslint/no-await-in-loop -- something changed during the look before
      againInMs = await this.checkOnce().catch((error: unknown) => {
        this.say(`a look at the certificate failed: ${error instanceof Error ? error.message : String(error)}`);
        return CHECK_INTERVAL_MS;
      });
    }
    this.busy = false;
    this.cancelCheck();
    if (this.stopped) return;
    this.cancelCheck = this.clock.after(againInMs, () => void this.check());
  }

  private async checkOnce(): Promise<number> {
    const { source, registration, log } = this.options;
    const generation = registration?.generation() ?? 0;
    const offer = await source.evaluate(this.clock.now(), registration?.published());
    for (const text of offer.news) log.info({}, text);
    const problems = [offer.problem, await this.readClientCa(), this.take(offer, generation)];
    this.say(problems.find((problem) => problem !== undefined));
    await this.callSelf();
    this.sayTime();
    return offer.againInMs;
  }

  private aheadMs(): number {
    return this.clock.aheadMs?.() ?? 0;
  }

  private sayTime(): void {
    const aheadMs = this.aheadMs();
    if (aheadMs === 0) this.clocks.over({}, 'the clock of this machine is right again');
    else {
      const text = 'the clock of this machine is not that of the API server: certificates go by the API server’s';
      this.clocks.trouble({ aheadSeconds: Math.round(aheadMs / 1000) }, text);
    }
  }

  private take({ certificate }: Offer, generation: number): string | undefined {
    if (!certificate) return undefined;
    const at = this.clock.now();
    const published = this.history.record(this.options.registration?.published(), at);
    const chosen = choose(this.served, certificate, published, at);
    this.publish(certificate, generation);
    const before = this.served;
    if (chosen.cert !== before?.cert || chosen.key !== before.key) {
      try {
        this.listening?.use(this.tls(chosen));
      } catch (error) {
        return `the certificate cannot be served: ${error instanceof Error ? error.message : String(error)}`;
      }
      if (before) this.renewals.leaf += 1;
      this.options.log.info({ ...describeCertificate(chosen.cert) }, 'serving with this certificate');
    }
    this.served = chosen;
    return this.unpublishable(certificate);
  }

  /** Has those authorities published that were offered and, where replicas may differ, those of others. */
  private publish({ ca = '' }: ServerCertificate, generation: number): void {
    const { source, registration } = this.options;
    if (ca !== this.authorities) {
      if (this.authorities !== undefined) this.renewals.ca += 1;
      this.authorities = ca;
    }
    if (!registration || ca === '') return;
    const own = [...certificateBlocks(ca), ...certificateBlocks(this.served?.ca ?? '')];
    registration.want((published) => {
      const others = source.isShared
        ? []
        : certificateBlocks(published).filter((cert) => !isExpired(cert, this.clock.now()));
      if (!source.isShared && own.every((cert) => others.includes(cert))) return published;
      return source.isShared ? ca : [...new Set([...own, ...others])].join('');
    }, generation);
  }

  private unpublishable({ ca }: ServerCertificate): string | undefined {
    return this.options.registration && ca === undefined
      ? 'there is no ca.crt beside the certificate, so nothing can be written into caBundle'
      : undefined;
  }

  private async readClientCa(): Promise<string | undefined> {
    const { clientCa: file } = this.options;
    if (file === undefined) return undefined;
    try {
      const text = await readFile(file, 'utf8');
      if (text === this.clientCa) return undefined;
      if (certificateBlocks(text).length === 0) return `${file} holds no certificate`;
      if (this.served) this.listening?.use({ ...this.served, clientCa: text });
      this.clientCa = text;
      return undefined;
    } catch (error) {
      return `${file}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  private tls({ cert, key }: ServerCertificate): ServerTls {
    return { cert, key, clientCa: this.clientCa };
  }

  private say(problem: string | undefined): void {
    this.problem = problem;
    if (problem === undefined) this.problems.over({}, 'the certificate is in order again');
    else this.problems.trouble({}, problem);
  }

  private async callSelf(): Promise<void> {
    const { listening, served } = this;
    const published = this.options.registration?.published();
    if (!listening || !published || !served) return;
    const bundles = [...new Set(published)];
    const of = [served.cert, ...bundles].join('\n');
    const at = this.clock.now();
    if (this.call?.of === of && isRecent(this.call.at, at)) return;
    const { servername } = this.options;
    const isElsewhen = this.aheadMs() !== 0;
    const calls = bundles.map((bundle) =>
      checkSelf({ ...listening, servername, bundle, isInTime: isElsewhen && isTrusted(served.cert, bundle, at) }),
    );
    const why = (await Promise.all(calls)).find((reason) => reason !== undefined);
    this.call = { of, at, why };
  }

  private untrusted(): readonly string[] {
    const { registration, servername } = this.options;
    if (!registration) return [];
    const { state, trouble } = registration.status();
    const because = trouble === undefined ? '' : ` (${trouble})`;
    if (state === 'unknown') return [`the webhook configuration is not known yet${because}`];
    if (state === 'absent') return ['there is no webhook configuration yet'];
    if (!this.listening) return [];
    if (!this.call) return [`whether callers trust ${servername} is not known yet`];
    return this.call.why === undefined
      ? []
      : [`a caller who goes by the published caBundle does not trust ${servername}: ${this.call.why}${because}`];
  }
}

/** Whether it is too early for another call. One of the future is one from before the clock was set back. */
function isRecent(call: Date, at: Date): boolean {
  const age = at.getTime() - call.getTime();
  return age >= 0 && age < CALL_EVERY_MS;
}

function isExpired(cert: string, at: Date): boolean {
  const expiry = expiryOf(cert);
  return !expiry || expiry <= at;
}
