import type {
  AdviceSummary,
  ConstraintsSummary,
  DeliverySummary,
  ParameterSummary,
  ProfileSummary,
  VariableSummary,
} from '../../profiles/summary.ts';

/** The list of profiles for people: a line each. */
export function listText(all: readonly ProfileSummary[]): string {
  const rows = all
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, vendor, language, deliveries }) => [name, vendor, language ?? '', deliveries.map(nameOf).join(', ')]);
  return `${columns([['NAME', 'VENDOR', 'LANGUAGE', 'DELIVERIES'], ...rows]).join('\n')}\n`;
}

/** All that there is to know of one profile, for people. */
export function profileText(profile: ProfileSummary): string {
  const { description, documentation } = profile;
  return `${[
    `${profile.name}: ${description}`,
    ...section('', [
      ['Vendor', profile.vendor],
      ['Language', profile.language ?? ''],
      ['Runs on', constraintsText(profile.constraints)],
      ['Takes', profile.slots.join(', ')],
      ['Documentation', documentation ?? ''],
    ]),
    ...blocks('Parameters, as annotations agent-injector.io/NAME', profile.parameters.map(parameterLines)),
    ...section('Deliveries, in order of preference', profile.deliveries.map(deliveryRow)),
    ...section(
      'Files',
      [...profile.mounts, ...profile.files].map(({ path }) => [path]).concat(profile.writable.map(writableRow)),
    ),
    ...section('Variables', profile.environment.map(variableRow)),
    ...section('Conflicts, which keep it out of a container', profile.conflicts.map(adviceRow)),
    ...section('Advisories, which are told and change nothing', profile.advisories.map(adviceRow)),
  ].join('\n')}\n`;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

/** Cells under each other; the last column is as wide as it is. Empty ones at the end leave no blanks. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<readonly number[]>(
    (sofar, row) => row.map((cell, index) => Math.max(cell.length, sofar[index] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd((widths[index] ?? 0) + 2)))
      .join('')
      .trimEnd(),
  );
}

/** A title with its rows below it; nothing where there are none. A row whose only text is its name is left out. */
function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  const told = rows.filter((row) => row.length === 1 || row.slice(1).some((cell) => cell !== ''));
  if (told.length === 0) return [];
  return ['', ...(title === '' ? [] : [`${title}:`]), ...columns(told).map((line) => `  ${line}`)];
}

function blocks(title: string, lines: readonly (readonly string[])[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.flat().map((line) => `  ${line}`)];
}

/** What it is made for, in words. */
export function constraintsText({ os, arch, libc, kubernetes, namespaces, excludeOwners }: ConstraintsSummary): string {
  const parts = [
    [...os, ...(arch ?? []), ...(libc ?? [])].join(', '),
    kubernetes === undefined ? '' : `Kubernetes ${kubernetes} or later`,
    namespaces === undefined ? '' : `namespaces ${namespaces.join(', ')}`,
    excludeOwners.length === 0 ? '' : `no pods of a ${excludeOwners.join(' or a ')}`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** Everybody may set most parameters: only others are worth a word. */
const EVERYBODY = 4;

function parameterLines(parameter: ParameterSummary): readonly string[] {
  const { name, expected, required, settableBy, description } = parameter;
  const standard = parameter.default === undefined ? '' : `, default ${parameter.default}`;
  const who = settableBy.length === EVERYBODY ? '' : ` (set by ${settableBy.join(' or ')} only)`;
  return [`${name}: ${expected}${required ? ', required' : standard}${who}`, `    ${description}`];
}

/** What a delivery asks for, in words; empty where it asks for nothing. */
export function deliveryNeedsText({ type, os, kubernetes, privileged, needs }: DeliverySummary): string {
  const parts = [
    type === 'baked' ? 'when it is named' : '',
    needs.length === 0 ? '' : `with ${needs.join(', ')} given`,
    kubernetes === undefined ? '' : `Kubernetes ${kubernetes} or later`,
    privileged ? 'not where Pod Security is baseline or restricted' : '',
    os === undefined ? '' : `${os.join(', ')} only`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function deliveryRow(delivery: DeliverySummary): readonly string[] {
  return [delivery.name, deliveryNeedsText(delivery) || 'always'];
}

function writableRow({ path, when }: ProfileSummary['writable'][number]): string[] {
  return [`${path} (written to${when === undefined ? '' : `, where ${when}`})`];
}

/** What becomes of a variable that the pod has already. */
export function operationText({ operation, group }: VariableSummary): string {
  if (group !== undefined) return `another value is a conflict (group ${group})`;
  return {
    set: "the author's value stays",
    force: "the author's value is replaced",
    append: "is added to the end of the author's value",
    prepend: "is added to the beginning of the author's value",
    merge: "is added to the author's value, but for what that has",
  }[operation];
}

function variableRow(variable: VariableSummary): readonly string[] {
  const { name, value, when } = variable;
  return [name, value, `${operationText(variable)}${when === undefined ? '' : `; only where ${when}`}`];
}

function adviceRow({ code, signs, message }: AdviceSummary): readonly string[] {
  return [code, `${message} (${signs.join(', and ')})`];
}
