import { type LintFinding, lintProfile } from '../../diagnostics/profile-lint.ts';
import type { JsonObject } from '../../lib/json.ts';
import { builtInDocuments, readWithBuiltIn } from '../../profile-sources/builtin-documents.ts';
import { builtInCatalogue } from '../../profile-sources/builtin.ts';
import { builtInSources } from '../../profile-sources/read-catalogue.ts';
import { fileProblem } from '../../profile-sources/read-documents.ts';
import { type Catalogue, withProfiles } from '../../profiles/catalogue.ts';
import { nameOf } from '../../api/profile-resource.ts';
import { baseNameOf, problemsInSource } from '../../profiles/extends.ts';
import type { ProfileSource } from '../../profiles/problem.ts';
import type { ProfileSet, ResolvedProfile } from '../../profiles/read-profiles.ts';
import type { CommandResult } from '../command-result.ts';
import { dataOutput } from '../data-output.ts';
import { readProfileFiles } from './files.ts';
import { asData, asText, type LintedProfile, type LintReport, type Remark } from './report.ts';

export interface LintOptions {
  /** Files, directories, or `-` for standard input. Empty: the built-in profiles. */
  readonly paths: readonly string[];
  /** Adds warnings, and treats warnings as errors. */
  readonly strict?: boolean | undefined;
  /** Also lists the tests that passed. */
  readonly verbose?: boolean | undefined;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Checks profiles as the server reads them, together with the built-in ones, and runs their tests. Throws a UsageError for an invalid path. */
export async function lint({ paths, strict = false, verbose = false, output }: LintOptions): Promise<CommandResult> {
  const { names, sources: own, problems: ofFiles } = await readProfileFiles(paths);
  const sources = paths.length === 0 ? builtInSources(builtInDocuments.profiles) : own;
  const set = readWithBuiltIn(own, builtInCatalogue());
  const catalogue = withProfiles(builtInCatalogue(), set.profiles, set.own.keys());
  const results = sources.flatMap((source) => {
    const resolved = paths.length === 0 ? builtInProfile(set, source) : ownProfile(set, source);
    return resolved ? [lintOne(source, resolved, catalogue, strict)] : [];
  });
  const remarks = [
    ...[...ofFiles, ...set.problems.map(fileProblem)].map((problem): Remark => ({ severity: 'error', ...problem })),
    ...replacements(set, own),
    ...results.flatMap((one) => one.remarks),
  ];
  const order = new Map(names.map((name, index) => [name, index]));
  const report: LintReport = {
    profiles: results.map(({ profile }) => profile),
    documents: sources.length,
    remarks: remarks.toSorted((one, other) => compare(one, other, order)),
  };
  const isWrong = remarks.some(({ severity }) => strict || severity === 'error');
  return {
    output: output === 'text' ? asText(report, verbose) : dataOutput(output, asData(report)),
    exitCode: isWrong ? 1 : 0,
  };
}

function builtInProfile(set: ProfileSet, { document }: ProfileSource): ResolvedProfile | undefined {
  return set.builtIn.get(nameOf(document) ?? '');
}

function ownProfile(set: ProfileSet, source: ProfileSource): ResolvedProfile | undefined {
  const isInvalid = set.problems.some((problem) => problem.source === source);
  return isInvalid ? undefined : set.own.get(nameOf(source.document) ?? '');
}

function lintOne(
  source: ProfileSource,
  { profile, document }: ResolvedProfile,
  catalogue: Catalogue,
  strict: boolean,
): { readonly profile: LintedProfile; readonly remarks: readonly Remark[] } {
  const isDerived = baseNameOf(source.document) !== undefined;
  const { findings, tests } = lintProfile(profile, catalogue, { strict, isDerived });
  return {
    profile: { name: profile.name, file: source.origin, tests },
    remarks: remarksOn(source, findings, document),
  };
}

function remarksOn(source: ProfileSource, findings: readonly LintFinding[], whole?: JsonObject): readonly Remark[] {
  return problemsInSource(source, findings, whole).map((problem) => ({
    severity: problem.severity,
    ...fileProblem(problem),
  }));
}

function replacements(set: ProfileSet, own: readonly ProfileSource[]): readonly Remark[] {
  return own.flatMap((source) => {
    const name = nameOf(source.document);
    if (name === undefined || !set.replaced.includes(name) || isBuiltIn(source)) return [];
    const message = `"${name}" replaces the built-in profile of that name: choose another name, or extend it (spec.extends: ${name})`;
    return remarksOn(source, [{ severity: 'warning', path: ['metadata', 'name'], message }]);
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
