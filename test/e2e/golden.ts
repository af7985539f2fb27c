import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, type RunnerTestSuite } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '../support/client.ts';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const RANDOM_SUFFIX = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/;
const updating = process.env['UPDATE_GOLDEN'] === '1';

/**
 * What `kubectl get pod -o yaml` shows, with a fixed word for whatever differs from run to run. Names of ReplicaSets and their
 * pod-template-hash stay: they are made from the template alone.
 */
export function normalise(pod: KubeObject): string {
  const replace = replacements(pod);
  const { managedFields: _, ...metadata } = pod.metadata ?? {};
  const { generateName, name, resourceVersion, ...rest } = metadata;
  const fixed = {
    ...pod,
    metadata: {
      ...(mapStrings(rest, (value) => replaceVolatile(replace(value))) as object),
      ...(generateName !== undefined && { generateName: replace(generateName) }),
      ...(name !== undefined && { name: replace(withoutSuffix(name, generateName)) }),
      ...(resourceVersion !== undefined && { resourceVersion: '<resourceVersion>' }),
    },
    spec: mapStrings(pod['spec'], replace),
    ...(pod['status'] !== undefined && { status: mapStrings(pod['status'], replaceVolatile) }),
  };
  // As kubectl prints it: keys in the order of the alphabet, lists not indented, no line broken.
  return stringify(fixed, { sortMapEntries: true, indentSeq: false, lineWidth: 0 });
}

/** For the whole pod: the random part of the token volume, and the minute in the name of a CronJob's Job. */
function replacements(pod: KubeObject): (text: string) => string {
  const owners = (pod.metadata?.['ownerReferences'] ?? []) as readonly {
    readonly kind: string;
    readonly name: string;
  }[];
  const scheduled = owners.find(({ kind, name }) => kind === 'Job' && /-\d{8}$/.test(name))?.name;
  return (text) => {
    const steady = text.replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<suffix>');
    return scheduled === undefined ? steady : steady.replaceAll(scheduled, `${scheduled.slice(0, -8)}<minute>`);
  };
}

function replaceVolatile(text: string): string {
  return TIME.test(text) ? '<time>' : text.replaceAll(UUID, '<uid>');
}

/** The API server's own five random characters; a StatefulSet sets `generateName` too, but chooses the name itself: `web-0`. */
function withoutSuffix(name: string, generateName: string | undefined): string {
  if (generateName === undefined || !name.startsWith(generateName)) return name;
  return RANDOM_SUFFIX.test(name.slice(generateName.length)) ? `${generateName}<suffix>` : name;
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]));
}

export type ExpectGolden = (file: string, text: string) => void;

/**
 * The golden files of one test file: `goldenFiles(import.meta.url)` at its top. They lie in `golden/<name of the test file>/`; a text that
 * differs fails, and so does a file that nobody asked for once all tests of the test file have passed. With UPDATE_GOLDEN=1 they are
 * written instead, and the stale ones removed.
 */
export function goldenFiles(testUrl: string): ExpectGolden {
  const testPath = fileURLToPath(testUrl);
  const folder = join(dirname(testPath), 'golden', basename(testPath, '.test.ts'));
  const asked = new Set<string>();

  // vitest insists on a destructured first parameter to hand over the second.
  // oxlint-disable-next-line eslint/no-empty-pattern
  afterAll(({}, suite) => {
    // A run of a few tests only asks for a few files; a test that failed may not have come to its own.
    if (!allPassed(suite)) return;
    const stale = staleFiles(folder, asked);
    if (updating) for (const file of stale) rmSync(join(folder, file));
    else
      expect(stale, `files in ${folder} that no test asks for: remove them, or run with UPDATE_GOLDEN=1`).toEqual([]);
  });

  return (file, text) => {
    asked.add(file);
    const path = join(folder, file);
    if (updating) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    }
    if (!existsSync(path)) expect.fail(`${path} does not exist: run with UPDATE_GOLDEN=1, then read what it wrote`);
    expect(text).toBe(readFileSync(path, 'utf8'));
  };
}

/** The files of a folder that were not asked for. */
export function staleFiles(folder: string, asked: ReadonlySet<string>): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((file) => !asked.has(file)) : [];
}

/** Folders of golden files whose test file has gone. */
export function staleFolders(testFolder: string): readonly string[] {
  const golden = join(testFolder, 'golden');
  return existsSync(golden)
    ? readdirSync(golden).filter((folder) => !existsSync(join(testFolder, `${folder}.test.ts`)))
    : [];
}

function allPassed(suite: Pick<RunnerTestSuite, 'tasks'>): boolean {
  return suite.tasks.every((task) => (task.type === 'suite' ? allPassed(task) : task.result?.state === 'pass'));
}
