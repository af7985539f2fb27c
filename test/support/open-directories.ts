// A separate process for directory.test.ts, bundled there: opens TLS directories and prints the results.
// usage: node open-directories.mjs TIME CERTIFICATE.json|- DIR…
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Issue, readOrCreateTlsDirectory } from '../../src/certificates/directory.ts';

const [time = '', prepared, ...dirs] = process.argv.slice(2);
const issue: Issue | undefined =
  prepared === undefined || prepared === '-' ? undefined : async () => JSON.parse(readFileSync(prepared, 'utf8'));

// Starts on a signal, so that all processes run at the same time.
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();

const opened = [];
for (const dir of dirs) opened.push(await readOrCreateTlsDirectory(dir, new Date(time), issue));
const loadedForge = Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('node-forge'));
process.stdout.write(JSON.stringify({ opened, loadedForge }));
