// `npm run demo` starts the server as a process, with new certificates, on a free port. It sends a recorded AdmissionReview of the article's sample
// Deployment over verified TLS, and prints the decision and the pod before and after.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { diffLines } from 'diff';
import jsonpatch from 'fast-json-patch';
import { stringify } from 'yaml';

const root = join(import.meta.dirname, '..');
const tlsDir = mkdtempSync(join(tmpdir(), 'agent-injector-demo-'));
const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (style, text) => (colours ? styleText(style, text) : text);
const title = (text) => console.log(`\n${paint('bold', text)}`);

const server = spawn(
  process.execPath,
  [
    join(root, 'dist/agent-injector.js'),
    'serve',
    '--namespaces',
    join(root, 'demo/namespaces.yaml'),
    '--tls-dir',
    tlsDir,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--admin-port',
    '0',
    '--drain-seconds',
    '0',
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const exited = new Promise((resolve) => server.once('exit', resolve));
const lines = [];
const waiting = [];
createInterface({ input: server.stdout }).on('line', (text) => {
  const line = JSON.parse(text);
  lines.push(line);
  for (const { wanted, resolve } of waiting) if (wanted(line)) resolve(line);
});
const logged = (wanted) =>
  new Promise((resolve, reject) => {
    const line = lines.find(wanted);
    if (line) resolve(line);
    waiting.push({ wanted, resolve });
    void exited.then((code) => reject(new Error(`the server ended with exit code ${code}`)));
  });

const post = (port, body) =>
  new Promise((resolve, reject) => {
    const ca = readFileSync(join(tlsDir, 'ca.crt'));
    const options = {
      host: 'localhost',
      port,
      path: '/mutate?timeout=5s',
      method: 'POST',
      ca,
      headers: { 'content-type': 'application/json' },
    };
    const sent = request(options, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk) => (text += chunk))
        .on('end', () => resolve(JSON.parse(text)));
    });
    sent.once('error', reject).end(body);
  });

/** The pod without the fields that only the API server needs. */
const readable = ({ metadata: { managedFields: _, ...metadata }, spec, ...rest }) =>
  stringify({ apiVersion: rest.apiVersion, kind: rest.kind, metadata, spec }, { lineWidth: 0 });

const difference = (before, after) =>
  diffLines(before, after)
    .flatMap(({ value, added }) =>
      value
        .trimEnd()
        .split('\n')
        .map((line) => (added ? paint('green', `+ ${line}`) : `  ${line}`)),
    )
    .join('\n');

try {
  const { port } = await logged(({ msg }) => msg.startsWith('webhook port is open'));
  const text = readFileSync(join(root, 'test/e2e/recorded-sample.json'), 'utf8');
  const review = JSON.parse(text);
  const { response } = await post(port, text);
  if (response.uid !== review.request.uid || !response.allowed || !response.patch)
    throw new Error('the server gave an unexpected answer');
  const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString());
  const before = review.request.object;
  const after = jsonpatch.applyPatch(structuredClone(before), patch, true).newDocument;
  const decision = await logged(({ msg }) => msg === 'decision');

  title('The namespace (demo/namespaces.yaml)');
  console.log(readFileSync(join(root, 'demo/namespaces.yaml'), 'utf8').trimEnd().replaceAll(/^/gm, '  '));
  title('The decision about a pod of Deployment net-razor31-sample');
  console.log(
    `  ${paint('green', decision.outcome)}: ${decision.injected.join(', ')} in ${decision.durationMs} ms, ${patch.length} operations`,
  );
  console.log(`  ${JSON.stringify(decision)}`);
  title('The pod, before and after (+: added)');
  console.log(difference(readable(before), readable(after)));
  title('Next');
  console.log(
    '  node dist/agent-injector.js inject -f your-deployment.yaml --set server-address=HOST --diff     does the same to your file',
  );
} finally {
  server.kill('SIGTERM');
  const code = await exited;
  rmSync(tlsDir, { recursive: true });
  console.log(`\nThe server has stopped with exit code ${code}.`);
}
