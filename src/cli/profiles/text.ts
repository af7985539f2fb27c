import { LEVELS } from '../../api/keys.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { readProfileChoice } from '../../profiles/automatic/profile-choice.ts';
import type {
  NoteSummary,
  ConstraintsSummary,
  DeliverySummary,
  ParameterSummary,
  ProfileSummary,
  VariableSummary,
} from '../../profiles/summary.ts';
import { formatSection, formatTable, indent } from '../format.ts';

/** `isWide`: with the deliveries, which are nearly the same for all. */
export function listLines(
  all: readonly ProfileSummary[],
  { own, defaults }: Pick<Catalogue, 'own' | 'defaults'>,
  isWide: boolean,
): readonly string[] {
  const chosen = new Set(readProfileChoice(defaults.get('profile') ?? '')?.names);
  const rows = all
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, vendor, language, deliveries, parameters }) => [
      chosen.has(name) ? `${name} (default)` : name,
      vendor,
      language ?? '',
      own.has(name) ? 'own' : 'built-in',
      parameters
        .filter(({ required }) => required)
        .map(nameOf)
        .join(', ') || '-',
      ...(isWide ? [deliveries.map(nameOf).join(', ')] : []),
    ]);
  const titles = ['NAME', 'VENDOR', 'LANGUAGE', 'FROM', 'NEEDS', ...(isWide ? ['DELIVERIES'] : [])];
  return formatTable([titles, ...rows]);
}

export function profileLines(profile: ProfileSummary): readonly string[] {
  const { description, documentation } = profile;
  return [
    `${profile.name}: ${description}`,
    '',
    ...formatTable(
      [
        ['Vendor', profile.vendor],
        ['Language', profile.language ?? ''],
        ['Runs on', constraintsText(profile.constraints)],
        ['Slots', profile.slots.join(', ')],
        ['Documentation', documentation ?? ''],
      ].filter(([, value]) => value !== ''),
    ).map(indent),
    ...formatSection('Parameters (annotations agent-injector.io/NAME)', profile.parameters.flatMap(parameterLines)),
    ...section('Deliveries (in order of preference)', profile.deliveries.map(deliveryRow)),
    ...section(
      'Files',
      [...profile.mounts, ...profile.files, ...profile.objects]
        .map(({ path }) => [path])
        .concat(profile.writablePaths.map(writableRow)),
    ),
    ...section('Environment variables', profile.environment.map(variableRow)),
    ...section('Conflicts (prevent an injection)', profile.conflicts.map(adviceRow)),
    ...section('Advisories (reported only)', profile.advisories.map(adviceRow)),
    ...formatSection('Signs of life (agent-injector verify)', signLines(profile.signsOfLife)),
  ];
}

/** What shows that the agent works, and that it does not. */
export function signLines(signs: ProfileSummary['signsOfLife']): readonly string[] {
  if (!signs) return [];
  const { alive, unknown, failed, within } = signs;
  return [
    ...alive.map((sign) => `alive: ${sign}, within ${within} s`),
    ...(unknown === undefined ? [] : [`not known: ${unknown}`]),
    ...failed.map((sign) => `failed: ${sign}`),
  ];
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

/** A title with rows below it. A row without any text after its name is left out. */
function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  const filled = rows.filter((row) => row.length === 1 || row.slice(1).some((cell) => cell !== ''));
  return formatSection(title, formatTable(filled, LONGEST_CELL));
}

const LONGEST_CELL = 60;

export function constraintsText({ os, arch, libc, kubernetes, namespaces, excludeOwners }: ConstraintsSummary): string {
  const parts = [
    [...os, ...(arch ?? []), ...(libc ?? [])].join(', '),
    kubernetes === undefined ? '' : `Kubernetes ${kubernetes} or later`,
    namespaces === undefined ? '' : `namespaces ${namespaces.join(', ')}`,
    excludeOwners.length === 0 ? '' : `not for pods of ${excludeOwners.join(' or ')}`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** Most parameters can be set at every level; only the others show their levels. */
function parameterLines(parameter: ParameterSummary): readonly string[] {
  const { name, expected, required, settableBy, description } = parameter;
  const standard = parameter.default === undefined ? '' : `, default ${parameter.default}`;
  const levels =
    settableBy.length === LEVELS.length ? '' : ` (settable by ${settableBy.join(' or ') || 'no level'} only)`;
  const facts = parameter.from ? `, also by ${parameter.from.join(' or ')}` : '';
  return [`${name}: ${expected}${facts}${required ? ', required' : standard}${levels}`, `    ${description}`];
}

/** Empty if the delivery requires nothing. */
export function deliveryNeedsText({ kind, os, kubernetes, privileged, needs }: DeliverySummary): string {
  const parts = [
    kind === 'preinstalled' ? 'only if chosen explicitly' : '',
    kind === 'image' ? 'only if chosen explicitly or if every node can mount images (image-volumes)' : '',
    needs.length === 0 ? '' : `requires ${needs.join(', ')}`,
    kubernetes === undefined ? '' : `Kubernetes ${kubernetes} or later`,
    privileged ? 'not under Pod Security baseline or restricted' : '',
    os === undefined ? '' : `${os.join(', ')} only`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function deliveryRow(delivery: DeliverySummary): readonly string[] {
  return [delivery.name, deliveryNeedsText(delivery) || 'always'];
}

function writableRow({ path, when }: ProfileSummary['writablePaths'][number]): string[] {
  return [`${path} (writable${when === undefined ? '' : ` if ${when}`})`];
}

/** The effect on a variable that the pod already has. */
export function operationText({ operation, group }: VariableSummary): string {
  if (group !== undefined) return `a different value is a conflict (group ${group})`;
  return {
    set: 'an existing value is kept',
    force: 'an existing value is replaced',
    append: 'appended to an existing value',
    prepend: 'prepended to an existing value',
    merge: 'merged into an existing value, which takes precedence',
  }[operation];
}

function variableRow(variable: VariableSummary): readonly string[] {
  const { name, value, when } = variable;
  return [name, value, `${operationText(variable)}${when === undefined ? '' : `; only if ${when}`}`];
}

function adviceRow({ code, match, message }: NoteSummary): readonly string[] {
  return [code, `${message} (${match.join(' and ')})`];
}
