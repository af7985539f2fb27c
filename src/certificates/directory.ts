import { access, link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILES, type TlsDirectoryProblem, tlsDirectoryProblemText } from './directory-problem.ts';
import { issueServerCertificate } from './issue.ts';
import { findFault, type ServerCertificate } from './server-certificate.ts';

export type OpenedTlsDirectory =
  | { readonly ok: true; readonly certificate: ServerCertificate; readonly created: boolean }
  | { readonly ok: false; readonly problem: TlsDirectoryProblem };

/** Makes the certificate for a directory that holds none. */
export type Issue = (at: Date) => Promise<Required<ServerCertificate>>;

type Contents =
  | { readonly state: 'empty' }
  | { readonly state: 'full'; readonly certificate: ServerCertificate }
  | { readonly state: 'bad'; readonly problem: TlsDirectoryProblem };

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'] as const;

const issueLocal: Issue = (at) => issueServerCertificate(LOCAL_NAMES, at);

/** Where a finished set of files lies between being decided on and being published; see `fill`. */
const COMMITTED = '.issued';

/**
 * The certificate in a directory of `tls.crt`, `tls.key` and `ca.crt` (which may be missing), sound and valid at that moment. A directory
 * with none of them is filled with a fresh authority and a certificate for this machine's own names; other files in it do not matter.
 */
export async function openTlsDirectory(dir: string, at: Date, issue: Issue = issueLocal): Promise<OpenedTlsDirectory> {
  let contents = await read(dir);
  let mine: string | undefined;
  try {
    if (contents.state === 'bad') {
      // Another process is filling the directory just now, or died while it did: its work is finished, not judged half-done.
      await publish(dir);
      contents = await read(dir);
    }
    if (contents.state === 'empty') {
      mine = await fill(dir, () => issue(at));
      contents = await read(dir);
    }
  } catch (error) {
    return { ok: false, problem: { kind: 'unwritable', dir, code: codeOf(error) } };
  }
  return judge(dir, contents, { at, mine });
}

/** What is in the directory, sound or not; nothing is written. The problem is a sentence. */
export async function readTlsDirectory(
  dir: string,
): Promise<
  { readonly ok: true; readonly certificate: ServerCertificate } | { readonly ok: false; readonly problem: string }
> {
  const contents = await read(dir);
  if (contents.state === 'full') return { ok: true, certificate: contents.certificate };
  const problem =
    contents.state === 'bad' ? tlsDirectoryProblemText(contents.problem) : `There is no certificate in ${dir}.`;
  return { ok: false, problem };
}

function judge(
  dir: string,
  contents: Contents,
  { at, mine }: { readonly at: Date; readonly mine: string | undefined },
): OpenedTlsDirectory {
  if (contents.state === 'bad') return { ok: false, problem: contents.problem };
  if (contents.state === 'empty') return { ok: false, problem: { kind: 'unwritable', dir, code: 'ENOENT' } };
  const { certificate } = contents;
  const fault = findFault(certificate, at);
  return fault
    ? { ok: false, problem: { ...fault, dir } }
    : { ok: true, certificate, created: certificate.cert === mine };
}

async function read(dir: string): Promise<Contents> {
  const texts = { cert: '', key: '', ca: '' };
  const present: string[] = [];
  const missing: string[] = [];
  for (const part of ['cert', 'key', 'ca'] as const) {
    const file = FILES[part];
    try {
      // In the reverse of the order in which they are published: who finds tls.crt will find the others.
      // oxlint-disable-next-line eslint/no-await-in-loop
      texts[part] = await readFile(join(dir, file), 'utf8');
      present.push(file);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        return { state: 'bad', problem: { kind: 'unreadable', dir, file, code: codeOf(error) } };
      }
      missing.push(file);
    }
  }
  if (present.length === 0) return { state: 'empty' };
  if (missing.includes(FILES.cert) || missing.includes(FILES.key)) {
    return {
      state: 'bad',
      problem: { kind: 'incomplete', dir, present, missing: missing.filter((file) => file !== FILES.ca) },
    };
  }
  const { cert, key, ca } = texts;
  // An issuer that publishes no authority leaves ca.crt empty in the Secret that it fills.
  return { state: 'full', certificate: ca.trim() === '' ? { cert, key } : { cert, key, ca } };
}

/**
 * Fills the directory, and gives back the certificate that it tried to put there.
 *
 * Several processes may do this at once, and any may die at any line; still nobody ever sees one's certificate beside another's key. There
 * is one moment of decision: a directory with all three files, complete, is renamed to `.issued`, which fails when another is there. From
 * then on everybody who comes by publishes from it, under names that must not exist yet. `.issued` goes away only once all three names
 * exist; therefore a process that decides after that, having looked before, finds every name taken and changes nothing.
 */
async function fill(dir: string, issue: () => Promise<Required<ServerCertificate>>): Promise<string> {
  await mkdir(dir, { recursive: true });
  // Before the keys are made: a directory that cannot be written is known at once.
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

/** Publishes what has been decided on, if anything: nothing is touched, and no right to write is needed, when there is no `.issued`. */
async function publish(dir: string): Promise<void> {
  const committed = join(dir, COMMITTED);
  try {
    await access(committed);
  } catch {
    return;
  }
  for (const file of [FILES.ca, FILES.key, FILES.cert]) {
    // A link, not a rename: it never replaces a file. The source is missing only when another process has finished the work.
    // oxlint-disable-next-line eslint/no-await-in-loop
    await link(join(committed, file), join(dir, file)).catch(unless('EEXIST', 'ENOENT'));
  }
  // First out of view, whole, then removed: `.issued` is complete or not there.
  const done = await mkdtemp(join(dir, '.done-'));
  await rename(committed, done).catch(unless('ENOENT'));
  await rm(done, { recursive: true, force: true });
}

function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(codeOf(error))) throw error;
  };
}

/** The code of a failed system call; any other error is not the directory's fault, and goes on its way. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  throw error;
}
