// A separate process that loads one server in a closed loop, with one request at a time per connection, and checks every answer.
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { readAnswer, wrongWith } from './http-answer.ts';
import type { Body, Job, Window } from './load.ts';
import { cpuMs } from '../support/process-figures.ts';
import { fill, templateOf, type Template } from './request-bytes.ts';
import { percentile } from './statistics.ts';

let count = Math.floor(Math.random() * 1e9);
const files = new Map<string, readonly Body[]>();

function bodiesOf(file: string): readonly Body[] {
  const known = files.get(file) ?? (JSON.parse(readFileSync(file, 'utf8')) as readonly Body[]);
  files.set(file, known);
  return known;
}

const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** A growing buffer of samples. */
class Samples {
  #values = new Float64Array(1 << 16);
  #length = 0;

  add(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  get length(): number {
    return this.#length;
  }

  sorted(): Float64Array {
    return this.#values.subarray(0, this.#length).toSorted();
  }
}

async function load(job: Job): Promise<Window> {
  const templates = bodiesOf(job.bodies).map((body) => templateOf(body, job.port));
  const largest = Math.max(...templates.map(({ bytes }) => bytes.length));
  let samples = new Samples();
  let opened = 0;
  let total = 0;
  let answerBytes = 0;
  let phase: 'settling' | 'counting' | 'over' = 'settling';
  let fail: (error: Error) => void = () => {};
  let finish: () => void = () => {};
  const broken = new Promise<never>((_, reject) => (fail = reject));
  const full = new Promise<void>((resolve) => (finish = resolve));
  const sockets = new Set<TLSSocket>();

  const open = (): void => {
    const scratch = Buffer.allocUnsafe(largest);
    let pending: Buffer | undefined;
    let uid = '';
    let template: Template | undefined;
    // The time of a caller includes the handshake of a new connection.
    let sent = performance.now();
    opened += 1;
    const socket = connect({ host: '127.0.0.1', port: job.port, ca: job.ca, minVersion: 'TLSv1.3' });
    socket.setNoDelay(true);
    sockets.add(socket);
    const ask = (): void => {
      if (phase === 'over') return;
      template = templates[count % templates.length];
      if (!template) throw new Error('no bodies to send');
      const filled = fill(template, scratch, count, job.strangers);
      count += 1;
      ({ uid } = filled);
      socket.write(filled.bytes);
    };
    const answered = (chunk: Buffer): void => {
      const bytes = pending ? Buffer.concat([pending, chunk]) : chunk;
      const answer = readAnswer(bytes);
      if (!answer) {
        pending = bytes;
        return;
      }
      pending = undefined;
      const now = performance.now();
      const wrong =
        answer.size === bytes.length ? wrongWith(answer, uid, template?.patch ?? '') : 'more than one answer';
      if (wrong !== undefined) throw new Error(wrong);
      total += 1;
      if (phase === 'counting') {
        samples.add((now - sent) * 1000);
        answerBytes = answer.body.length;
        if (samples.length === job.reviews) finish();
      }
      if (phase === 'over') return;
      const next = (): void => {
        sent = performance.now();
        if (!answer.last) return ask();
        sockets.delete(socket);
        socket.removeAllListeners('close').end();
        open();
      };
      if (job.perSecond === undefined) next();
      else setTimeout(next, Math.max(0, 1000 / job.perSecond - (now - sent)));
    };
    socket.once('secureConnect', ask);
    socket.on('data', (chunk) => {
      try {
        answered(chunk);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', (error) => phase !== 'over' && fail(error));
    socket.on('close', () => phase !== 'over' && fail(new Error('the server closed a connection in the middle')));
  };

  for (let number = 0; number < job.connections; number += 1) open();
  try {
    await Promise.race([broken, after(job.settle)]);
    phase = 'counting';
    samples = new Samples();
    opened = 0;
    const [from, cpu, own] = [microseconds(), cpuMs(job.pid), process.cpuUsage()];
    await Promise.race([broken, full, after(job.seconds)]);
    const [to, cpuAfter, ownAfter] = [microseconds(), cpuMs(job.pid), process.cpuUsage(own)];
    phase = 'over';
    const seconds = (to - from) / 1e6;
    const reviews = samples.length;
    const sorted = samples.sorted();
    return {
      reviews,
      answered: total,
      seconds,
      perSecond: reviews / seconds,
      cpuPerReview: ((cpuAfter - cpu) * 1000) / reviews,
      serverShare: (cpuAfter - cpu) / 1000 / seconds,
      generatorShare: (ownAfter.user + ownAfter.system) / 1e6 / seconds,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      p999: percentile(sorted, 0.999),
      slowest: percentile(sorted, 1),
      opened,
      answerBytes,
      from,
      to,
    };
  } finally {
    phase = 'over';
    for (const socket of sockets) socket.destroy();
  }
}

async function after(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

process.on('message', (job: Job) => {
  load(job).then(
    (window) => process.send?.({ window }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
