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
 * Formats the pod like `kubectl get pod -o yaml`, with placeholders for values that differ between runs. Names of ReplicaSets and their
 * pod-template-hash stay, since they depend only on the template.
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
  // As kubectl prints it.
  return stringify(fixed, { sortMapEntries: true, indentSeq: false, lineWidth: 0 });
}

/** Replaces the random part of the token volume, and the minute in the name of a CronJob's Job. */
function replacements(pod: KubeObject): (text: string) => string {
  const owners = (pod.metadata?.['ownerReferences'] ?? []) as readonly {
    readonly kind: string;
    readonly name: string;
  }[];
  const scheduled = owners.find(({ kind, name }) => kind === 'Job' && /-\d{8}$/.test(name))?.name;
  return (text) => {
    const stable = text.replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<suffix>');
    return scheduled === undefined ? stable : stable.replaceAll(scheduled, `${scheduled.slice(0, -8)}<minute>`);
  };
}

function replaceVolatile(text: string): string {
  return TIME.test(text) ? '<time>' : text.replaceAll(UUID, '<uid>');
}

/** Replaces the five random characters of the API server. A StatefulSet sets `generateName` too, but its names are not random: `web-0`. */
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
 * Compares texts with the golden files of one test file, in `golden/<name of the test file>/`: `goldenFiles(import.meta.url)`. A file that no
 * test has used fails, too. With UPDATE_GOLDEN=1, files are written and unused ones removed.
 */
export function goldenFiles(testUrl: string): ExpectGolden {
  const testPath = fileURLToPath(testUrl);
  const folder = join(dirname(testPath), 'golden', basename(testPath, '.test.ts'));
  const used = new Set<string>();

  // vitest passes the second parameter only if the first one is destructured.
  // oxlint-disable-next-line eslint/no-empty-pattern
  afterAll(({}, suite) => {
    // Tests that were skipped or have failed may not have used their files.
    if (!allPassed(suite)) return;
    const stale = staleFiles(folder, used);
    if (updating) for (const file of stale) rmSync(join(folder, file));
    else expect(stale, `files in ${folder} that no test uses: remove them, or run with UPDATE_GOLDEN=1`).toEqual([]);
  });

  return (file, text) => {
    used.add(file);
    const path = join(folder, file);
    if (updating) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    }
    if (!existsSync(path)) expect.fail(`${path} does not exist: run with UPDATE_GOLDEN=1, then read what it wrote`);
    expect(text).toBe(readFileSync(path, 'utf8'));
  };
}

export function staleFiles(folder: string, used: ReadonlySet<string>): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((file) => !used.has(file)) : [];
}

/** Folders of golden files without a test file. */
export function staleFolders(testFolder: string): readonly string[] {
  const golden = join(testFolder, 'golden');
  return existsSync(golden)
    ? readdirSync(golden).filter((folder) => !existsSync(join(testFolder, `${folder}.test.ts`)))
    : [];
}

function allPassed(suite: Pick<RunnerTestSuite, 'tasks'>): boolean {
  return suite.tasks.every((task) => (task.type === 'suite' ? allPassed(task) : task.result?.state === 'pass'));
}
