import type { Severity } from '../../diagnostics/profile-lint.ts';
import { pathText } from '../../lib/text.ts';
import type { FileProblem } from '../../profile-sources/read-documents.ts';
import type { CommandOutput } from '../command-result.ts';

export interface Remark extends FileProblem {
  readonly severity: Severity;
}

export interface LintedProfile {
  readonly name: string;
  readonly file: string;
  readonly tests: readonly { readonly name: string; readonly passed: boolean }[];
}

export interface LintReport {
  /** The valid profiles. */
  readonly profiles: readonly LintedProfile[];
  /** The number of documents, including invalid ones. */
  readonly documents: number;
  readonly remarks: readonly Remark[];
}

/** `verbose`: with the names of the tests. */
export function asText(report: LintReport, verbose: boolean): CommandOutput {
  const lines = report.remarks.map(({ severity, message, ...place }) =>
    [placeText(place), severity, ...pathParts(place), message].join(': '),
  );
  const tests = verbose ? report.profiles.flatMap(testLines) : [];
  return { kind: 'lines', lines: [...lines, ...tests, summary(report)] };
}

function testLines({ name, file, tests }: LintedProfile): readonly string[] {
  return [`${name} (${file})`, ...tests.map((test) => `  ${test.passed ? '✓' : '✗'} ${test.name}`)];
}

function placeText({ file, line, column, profile }: Omit<Remark, 'severity' | 'message'>): string {
  if (line === undefined || column === undefined) return profile === undefined ? file : `${file} ${profile}`;
  return `${file}:${line}:${column}`;
}

function pathParts({ path }: Pick<Remark, 'path'>): readonly string[] {
  return path === undefined || path.length === 0 ? [] : [pathText(path)];
}

function summary(report: LintReport): string {
  const tests = report.profiles.flatMap((profile) => profile.tests);
  const failed = tests.filter(({ passed }) => !passed).length;
  const { errors, warnings } = counts(report);
  const found = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ];
  return (
    `${count(report.documents, 'profile')}, ${count(tests.length, 'test')}${failed > 0 ? ` (${failed} failed)` : ''}: ` +
    (found.join(', ') || 'no problems')
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function counts({ remarks }: LintReport): { readonly errors: number; readonly warnings: number } {
  const errors = remarks.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: remarks.length - errors };
}

export function asData(report: LintReport): object {
  const remarks = report.remarks.map(({ path, ...rest }) => ({ ...rest, ...(path && { path: pathText(path) }) }));
  return { ...counts(report), profiles: report.profiles, remarks };
}
