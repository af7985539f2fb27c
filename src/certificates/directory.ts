import { access, link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '../lib/result.ts';
import { type DirectoryFault, directoryFaultMessage, FILES } from './faults.ts';
import { issueServerCertificate } from './issue.ts';
import { findFault, type ServerCertificate } from './server-certificate.ts';

export interface OpenedDirectory {
  readonly certificate: ServerCertificate;
  readonly created: boolean;
}

export type Issue = (at: Date) => Promise<Required<ServerCertificate>>;

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'] as const;

const issueLocal: Issue = (at) => issueServerCertificate(LOCAL_NAMES, at);

/** Name of a complete set of files that is being published; see `fill`. */
const COMMITTED = '.issued';

/**
 * Opens a directory of `tls.crt`, `tls.key` and `ca.crt` (optional) whose certificate is valid at the given time. A directory without any of
 * them is filled with a new authority and a certificate for this machine's local names; other files in it are ignored.
 */
export async function readOrCreateTlsDirectory(
  dir: string,
  at: Date,
  issue: Issue = issueLocal,
): Promise<Result<OpenedDirectory, DirectoryFault>> {
  let contents = await read(dir);
  let issued: string | undefined;
  try {
    if (!contents.ok) {
      // Another process may be filling the directory, or may have died while doing so: finish its work before judging the contents.
      await publish(dir);
      contents = await read(dir);
    }
    if (contents.ok && !contents.value) {
      issued = await fill(dir, () => issue(at));
      contents = await read(dir);
    }
  } catch (error) {
    return { ok: false, error: { kind: 'unwritable', dir, code: codeOf(error) } };
  }
  if (!contents.ok) return contents;
  const certificate = contents.value;
  if (!certificate) return { ok: false, error: { kind: 'unwritable', dir, code: 'ENOENT' } };
  const fault = findFault(certificate, at);
  if (fault) return { ok: false, error: { ...fault, dir } };
  return { ok: true, value: { certificate, created: certificate.cert === issued } };
}

/** Reads the certificate in a directory, valid or not. Writes nothing. The error is a sentence without its full stop. */
export async function readTlsDirectory(dir: string): Promise<Result<ServerCertificate, string>> {
  const contents = await read(dir);
  if (!contents.ok) return { ok: false, error: directoryFaultMessage(contents.error) };
  const { value } = contents;
  return value ? { ok: true, value } : { ok: false, error: `no certificate in ${dir}` };
}

/** Reads the files as they are; undefined if there are none. */
async function read(dir: string): Promise<Result<ServerCertificate | undefined, DirectoryFault>> {
  const texts = { cert: '', key: '', ca: '' };
  const present: string[] = [];
  const missing: string[] = [];
  for (const part of ['cert', 'key', 'ca'] as const) {
    const file = FILES[part];
    try {
      // The reverse of the order of publication: once tls.crt exists, the others do.
      // oxlint-disable-next-line eslint/no-await-in-loop
      texts[part] = await readFile(join(dir, file), 'utf8');
      present.push(file);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        return { ok: false, error: { kind: 'unreadable', dir, file, code: codeOf(error) } };
      }
      missing.push(file);
    }
  }
  if (present.length === 0) return { ok: true, value: undefined };
  if (missing.includes(FILES.cert) || missing.includes(FILES.key)) {
    return {
      ok: false,
      error: { kind: 'incomplete', dir, present, missing: missing.filter((file) => file !== FILES.ca) },
    };
  }
  const { cert, key, ca } = texts;
  // An issuer without a published authority leaves ca.crt empty in its Secret.
  return { ok: true, value: ca.trim() === '' ? { cert, key } : { cert, key, ca } };
}

/**
 * Fills the directory and returns the certificate that it tried to publish.
 *
 * Several processes may do this at once, and each may die at any line; still a certificate never appears next to another one's key. There is
 * one commit point: a complete directory of all three files is renamed to `.issued`, which fails if that exists. From then on every process
 * publishes from `.issued`, under names that must not exist yet. `.issued` is removed only once all three names exist; a process that commits
 * after that, because it looked earlier, finds every name taken and changes nothing.
 */
async function fill(dir: string, issue: () => Promise<Required<ServerCertificate>>): Promise<string> {
  await mkdir(dir, { recursive: true });
  // Before generating keys, so that a read-only directory fails at once.
  const draft = await mkdtemp(join(dir, '.draft-'));
  try {
    const certificate = await issue();
    await writeFile(join(draft, FILES.ca), certificate.ca);
    await writeFile(join(draft, FILES.cert), certificate.cert);
    await writeFile(join(draft, FILES.key), certificate.key, { mode: 0o600 });
    await rename(draft, join(dir, COMMITTED)).catch(unless('ENOTEMPTY', 'EEXIST'));
    await publish(dir);
    return certificate.cert;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Publishes the committed files, if any. Without `.issued`, nothing is touched and no write permission is needed. */
async function publish(dir: string): Promise<void> {
  const committed = join(dir, COMMITTED);
  try {
    await access(committed);
  } catch {
    return;
  }
  for (const file of [FILES.ca, FILES.key, FILES.cert]) {
    // A link never replaces a file, a rename would. The source is missing only after another process has finished.
    // oxlint-disable-next-line eslint/no-await-in-loop
    await link(join(committed, file), join(dir, file)).catch(unless('EEXIST', 'ENOENT'));
  }
  // Renamed before removal: `.issued` is either complete or absent.
  const done = await mkdtemp(join(dir, '.done-'));
  await rename(committed, done).catch(unless('ENOENT'));
  await rm(done, { recursive: true, force: true });
}

function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(codeOf(error))) throw error;
  };
}

/** Code of a failed system call. Any other error is not about the directory and is thrown again. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  throw error;
}
