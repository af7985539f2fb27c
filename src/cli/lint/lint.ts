import { lintProfile, type Severity } from '../../diagnostics/profile-lint.ts';
import { isObject } from '../../lib/json.ts';
import { positionOf } from '../../manifests/locate.ts';
import { builtInDocuments } from '../../profile-sources/builtin-documents.ts';
import { builtInCatalogue } from '../../profile-sources/builtin.ts';
import { builtInSources } from '../../profile-sources/read-catalogue.ts';
import { type Catalogue, withProfiles } from '../../profiles/catalogue.ts';
import { baseOf, nameOf, pathInOwn } from '../../profiles/extends.ts';
import type { Problem } from '../../profiles/problem.ts';
import { type ProfileSet, type ProfileSource, readProfiles, type SoundProfile } from '../../profiles/read-profiles.ts';
import type { CommandResult } from '../command-result.ts';
import { type Documents, readProfileFiles } from './files.ts';
import { asJson, asText, type LintedProfile, type LintReport, type Remark } from './report.ts';

export interface LintOptions {
  /** Files, directories, or `-` for standard input. Empty: the built-in profiles. */
  readonly paths: readonly string[];
  /** Adds warnings, and treats warnings as errors. */
  readonly strict?: boolean | undefined;
  readonly output: 'text' | 'json';
}

/** Checks profiles as the server reads them, together with the built-in ones, and runs their tests. Throws a UsageError for an invalid path. */
export async function lint({ paths, strict = false, output }: LintOptions): Promise<CommandResult> {
  const { names, documents, remarks: unread } = await readProfileFiles(paths);
  const builtIn = builtInSources(builtInDocuments.profiles);
  const set = readSet(builtIn, [...documents.keys()]);
  const linted: readonly Linted[] =
    paths.length === 0
      ? builtIn.flatMap((source) => soundIn(set, source))
      : [...documents.keys()].flatMap((source) => ownIn(set, source));
  const catalogue = withProfiles(builtInCatalogue(), set.profiles);
  const results = linted.map((one) => lintOne(one, catalogue, strict, documents));
  const remarks = [
    ...unread,
    ...set.problems.map((problem) =>
      remark(problem.source, { ...problem, severity: 'error', own: problem.own }, documents),
    ),
    ...replacements(set, documents),
    ...results.flatMap((one) => one.remarks),
  ];
  const order = new Map(names.map((name, index) => [name, index]));
  const report: LintReport = {
    profiles: results.map(({ profile }) => profile),
    documents: paths.length === 0 ? builtIn.length : documents.size,
    remarks: remarks.toSorted((one, other) => compare(one, other, order)),
  };
  const isWrong = remarks.some(({ severity }) => strict || severity === 'error');
  return { output: output === 'json' ? asJson(report) : asText(report), exitCode: isWrong ? 1 : 0 };
}

function readSet(builtIn: readonly ProfileSource[], own: readonly ProfileSource[]): ProfileSet {
  const reading = readProfiles({ builtIn, own, slots: new Set(builtInCatalogue().slots.keys()) });
  let step = reading.next();
  while (!step.done) step = reading.next();
  return step.value;
}

interface Linted extends SoundProfile {
  readonly source: ProfileSource;
}

function soundIn(set: ProfileSet, source: ProfileSource): readonly Linted[] {
  const profile = set.profiles.get(nameOf(source.document) ?? '');
  return profile && isObject(source.document) ? [{ source, profile, document: source.document }] : [];
}

function ownIn(set: ProfileSet, source: ProfileSource): readonly Linted[] {
  const sound = set.own.get(nameOf(source.document) ?? '');
  const isBroken = set.problems.some((problem) => problem.source === source);
  return sound && !isBroken ? [{ source, ...sound }] : [];
}

function lintOne(
  { source, profile, document }: Linted,
  catalogue: Catalogue,
  strict: boolean,
  documents: Documents,
): { readonly profile: LintedProfile; readonly remarks: readonly Remark[] } {
  const isDerived = baseOf(source.document) !== undefined;
  const { findings, tests } = lintProfile(profile, catalogue, { strict, isDerived });
  const own = isObject(source.document) ? source.document : document;
  return {
    profile: { name: profile.name, file: source.origin, tests },
    remarks: findings.map((finding) =>
      remark(source, { ...finding, own: pathInOwn(own, document, finding.path) }, documents),
    ),
  };
}

interface Found extends Problem {
  readonly severity: Severity;
  readonly own: readonly PropertyKey[];
}

function remark(source: ProfileSource, { severity, path, own, message, at }: Found, documents: Documents): Remark {
  const document = documents.get(source);
  // An inherited value is not in the document: the position is that of the nearest key that is.
  const position = document && positionOf(document, own, own.length < path.length ? 'key' : (at ?? 'value'));
  return { severity, file: source.origin, ...position, profile: nameOf(source.document), path, message };
}

function replacements(set: ProfileSet, documents: Documents): readonly Remark[] {
  return [...documents.keys()].flatMap((source) => {
    const name = nameOf(source.document);
    if (name === undefined || !set.replaced.includes(name) || isBuiltIn(source)) return [];
    const message = `"${name}" replaces the built-in profile of that name: choose another name, or extend it (spec.extends: ${name})`;
    const path = ['metadata', 'name'];
    return [remark(source, { severity: 'warning', path, own: path, message }, documents)];
  });
}

function isBuiltIn({ document }: ProfileSource): boolean {
  const text = JSON.stringify(document);
  return builtInDocuments.profiles.some((one) => JSON.stringify(one) === text);
}

function compare(one: Remark, other: Remark, order: ReadonlyMap<string, number>): number {
  return (
    (order.get(one.file) ?? 0) - (order.get(other.file) ?? 0) ||
    (one.line ?? 0) - (other.line ?? 0) ||
    (one.column ?? 0) - (other.column ?? 0)
  );
}
