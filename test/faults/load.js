// Sends reviews at a rate that does not depend on the answers (open loop), or with a constant concurrency (closed loop), in a separate process:
// `fork('load.js')`. Each message is a Job (load.ts), and its answer an Outcome.
import { connect } from 'node:tls';

process.on('message', async (job) => process.send(await run(job)));
process.on('disconnect', () => process.exit());

const UID = '00000000-0000-0000-0000-00';
const NUMBER = '##########';
const PAIR = '@@@@@@@@@@';

/** The bytes of a request, and the offsets at which the number of the review and of its pair are written. */
function partOf(body, timeout) {
  const text = body
    .replace('UID', UID + NUMBER)
    .replaceAll('NUMBER', NUMBER)
    .replaceAll('PAIR', PAIR);
  const head =
    `POST /mutate?timeout=${timeout}s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(text)}\r\n\r\n`;
  const bytes = Buffer.from(head + text);
  return { bytes, numbersAt: placesOf(NUMBER, bytes), pairsAt: placesOf(PAIR, bytes) };
}

function placesOf(text, bytes) {
  const places = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at);
  return places;
}

/** A review that is answered without any work: its namespace does not exist. */
const WARM = partOf(
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: 'UID',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'nothing-here',
      operation: 'CREATE',
      object: { metadata: { name: 'warm' }, spec: { containers: [{ name: 'warm', image: 'warm' }] } },
    },
  }),
  5,
);

async function run(job) {
  const load = new Load(job);
  return load.run();
}

class Load {
  #job;
  #parts;
  #free = [];
  #open = 0;
  #sent = 0;
  #waiting = new Set();
  #turnedAway = 0;
  #answers = { injected: 0, shed: 0, refused: 0, other: 0, wrong: 0 };
  #failed = 0;
  #errors = {};
  #latencies = [];
  #behind = 0;
  #finish;

  constructor(job) {
    this.#job = job;
    this.#parts = job.bodies.map((body) => partOf(body, job.timeout));
  }

  async run() {
    const { rate, atATime = 0, seconds, warm = 0 } = this.#job;
    const done = new Promise((resolve) => (this.#finish = resolve));
    await Promise.all(Array.from({ length: Math.max(warm, atATime) }, () => this.#warm()));
    const begun = performance.now();
    const end = begun + seconds * 1000;
    if (rate === undefined) {
      const { count = Infinity } = this.#job;
      this.again = () => performance.now() < end && this.#sent < count && this.#send(performance.now());
      for (let i = 0; i < atATime; i++) this.again();
    } else {
      await this.#atRate(rate, begun, end);
    }
    const polling = setInterval(() => this.#isOver(end) && this.#finish(), 20);
    await done;
    clearInterval(polling);
    const elapsed = (performance.now() - begun) / 1000;
    for (const connection of this.#free) connection.socket.destroy();
    for (const sending of this.#waiting) sending.connection?.socket.destroy();
    return {
      offered: this.#sent + this.#turnedAway,
      sent: this.#sent,
      turnedAway: this.#turnedAway,
      failed: this.#failed,
      errors: this.#errors,
      hung: this.#waiting.size,
      elapsed,
      behind: this.#behind,
      ...this.#answers,
      ...figures(this.#latencies),
    };
  }

  /** Every request is answered, or has waited for longer than an API server does. */
  #isOver(end) {
    const now = performance.now();
    const isSent = now >= end || this.#sent >= (this.#job.count ?? Infinity);
    return isSent && (this.#waiting.size === 0 || now > end + this.#job.timeout * 1000 + 2000);
  }

  async #atRate(rate, begun, end) {
    for (;;) {
      const now = performance.now();
      if (now >= end) return;
      const due = Math.floor(((now - begun) / 1000) * rate);
      while (this.#sent + this.#turnedAway < due) this.#send(begun + ((this.#sent + this.#turnedAway) / rate) * 1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #send(due) {
    let connection = this.#free.pop();
    if (!connection) {
      if (this.#open >= (this.#job.connections ?? 2000)) {
        this.#turnedAway++;
        return;
      }
      connection = this.#connect();
    }
    const number = (this.#job.first ?? 0) + this.#sent++;
    const { bytes, numbersAt, pairsAt } = this.#parts[number % this.#parts.length];
    const uid = String(number).padStart(NUMBER.length, '0');
    const pair = String(Math.floor(number / this.#parts.length / 2)).padStart(PAIR.length, '0');
    const own = Buffer.from(bytes);
    for (const at of numbersAt) own.write(uid, at, 'latin1');
    for (const at of pairsAt) own.write(pair, at, 'latin1');
    const now = performance.now();
    this.#behind = Math.max(this.#behind, now - due);
    const sending = { sent: now, uid: UID + uid, connection, text: '' };
    connection.sending = sending;
    this.#waiting.add(sending);
    connection.socket.write(own);
  }

  #connect(ready) {
    const { port, ca } = this.#job;
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
    const connection = { socket, sending: undefined };
    this.#open++;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(connection, chunk));
    socket.on('secureConnect', () => ready?.(connection));
    socket.on('error', (error) => (connection.error = error.code ?? error.message));
    socket.on('close', () => this.#closed(connection));
    return connection;
  }

  /** Opens a connection and sends a review on it: the server soon closes connections without one. */
  async #warm() {
    const connection = await new Promise((resolve) => this.#connect(resolve));
    connection.socket.write(WARM.bytes);
    await new Promise((resolve) => connection.socket.once('data', resolve));
    this.#free.push(connection);
  }

  #closed(connection) {
    this.#open--;
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    const { sending, error = 'closed' } = connection;
    if (!sending) return;
    this.#waiting.delete(sending);
    this.#failed++;
    this.#errors[error] = (this.#errors[error] ?? 0) + 1;
    this.again?.();
  }

  #receive(connection, chunk) {
    const { sending } = connection;
    if (!sending) return;
    sending.text += chunk.toString('latin1');
    const head = sending.text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(sending.text)?.[1]);
    if (sending.text.length < head + 4 + length) return;
    this.#answered(sending, sending.text.slice(0, head), sending.text.slice(head + 4));
    connection.sending = undefined;
    if (/connection: close/i.test(sending.text.slice(0, head))) connection.socket.destroy();
    else this.#free.push(connection);
    this.again?.();
  }

  #answered(sending, head, body) {
    this.#waiting.delete(sending);
    const now = performance.now();
    this.#latencies.push(now - sending.sent);
    const kind = kindOf(head, body, sending.uid);
    this.#answers[kind]++;
    if (kind === 'wrong') this.#errors[head.slice(0, 40)] = (this.#errors[head.slice(0, 40)] ?? 0) + 1;
  }
}

function kindOf(head, body, uid) {
  if (!head.startsWith('HTTP/1.1 200') || !body.includes(`"uid":"${uid}"`)) return 'wrong';
  if (body.includes('"allowed":false')) return 'refused';
  if (body.includes('"patch":')) return 'injected';
  return body.includes('overloaded') && body.includes('"warnings":') ? 'shed' : 'other';
}

function figures(latencies) {
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), longest: at(1) };
}
