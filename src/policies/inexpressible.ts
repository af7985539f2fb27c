import { profileForbiddenBy } from '../profiles/catalogue.ts';
import type { Delivery } from '../profiles/delivery.ts';
import type { EnvironmentEntry } from '../profiles/environment.ts';
import type { Profile } from '../profiles/profile.ts';
import { parametersOf } from '../profiles/template.ts';
import type { ExportOptions, ExportProblem } from './options.ts';
import { variablesOf } from './environment.ts';
import { unknownFacts } from './values/parameters.ts';

const WEBHOOK = 'use the webhook for this profile';

/** Everything in the profile and the options that the policies cannot do as the webhook does. */
export function inexpressible(
  profile: Profile,
  delivery: Delivery | undefined,
  options: ExportOptions,
): readonly ExportProblem[] {
  return [
    ...(delivery
      ? deliveryProblems(profile, delivery)
      : [
          {
            what: `profile ${profile.name} has no delivery ${options.delivery}`,
            instead: `choose one of ${profile.deliveries.map(({ name }) => name).join(', ')}`,
          },
        ]),
    ...catalogueProblems(profile, options),
    ...profileProblems(profile),
    ...profile.environment.flatMap((entry) => entryProblems(profile, entry, options)),
    ...fileProblems(profile),
  ];
}

function catalogueProblems({ name }: Profile, { catalogue }: ExportOptions): readonly ExportProblem[] {
  const forbidden = profileForbiddenBy(catalogue, name);
  return [
    ...(forbidden ? [{ what: `the setting ${forbidden} forbids profile ${name}`, instead: 'change the setting' }] : []),
    ...(catalogue.injection
      ? [{ what: `injection is ${catalogue.injection.mode}`, instead: 'export it while injection is on' }]
      : []),
  ];
}

function deliveryProblems({ deliveries }: Profile, delivery: Delivery): readonly ExportProblem[] {
  if (!('copy' in delivery)) return [];
  const others = deliveries.filter((one) => !('copy' in one)).map(({ name }) => name);
  const instead = others.length === 0 ? WEBHOOK : `choose another delivery: ${others.join(', ')}`;
  return [
    {
      what: `the delivery ${delivery.name} needs an init container, whose resources follow from those of all other containers and from LimitRanges`,
      instead,
    },
  ];
}

function profileProblems(profile: Profile): readonly ExportProblem[] {
  const { name, suspended, canary, variants } = profile;
  return [
    ...(suspended ? [{ what: `profile ${name} is suspended`, instead: 'export it without `suspended`' }] : []),
    ...(canary
      ? [{ what: `profile ${name} has a canary, which is chosen by a hash`, instead: 'export it without `canary`' }]
      : []),
    ...variants
      .filter(({ from }) => !profile.parameters.has(from))
      .map(({ name: variant, from }) => ({
        what: `the variant ${variant} depends on ${from}`,
        instead: WEBHOOK,
      })),
    ...unknownFacts(profile).map((fact) => ({ what: `a default refers to the fact ${fact}`, instead: WEBHOOK })),
    ...[...profile.parameters.values()]
      .filter((one) => 'references' in one && one.references !== undefined)
      .map((one) => ({ what: `the value of parameter ${one.name} may refer to variables`, instead: WEBHOOK })),
  ];
}

function entryProblems(profile: Profile, entry: EnvironmentEntry, options: ExportOptions): readonly ExportProblem[] {
  const { name, operation, references } = entry;
  const what =
    references.length > 0
      ? `it refers to ${references.join(', ')}, whose place must be proven`
      : operation.kind === 'force'
        ? 'it replaces a value'
        : operation.kind === 'merge'
          ? mergeProblem(profile, entry, options)
          : operation.kind === 'set'
            ? undefined
            : listProblem(profile, entry);
  return what === undefined ? [] : [{ what: `variable ${name}: ${what}`, instead: WEBHOOK }];
}

/** Nothing is merged where the parameter has no value. */
function mergeProblem(profile: Profile, { when }: EnvironmentEntry, { parameters }: ExportOptions): string | undefined {
  const name = when?.parameter?.name;
  const parameter = name === undefined ? undefined : profile.parameters.get(name);
  const isLeftOut = parameter?.default === undefined && parameter !== undefined && !parameters.has(parameter.name);
  return isLeftOut ? undefined : 'it merges pairs into a list';
}

function listProblem(profile: Profile, entry: EnvironmentEntry): string | undefined {
  if (entry.group !== undefined) return 'an addition to a list belongs to a group';
  if (profile.environment.find(({ name }) => name === entry.name) !== entry) return undefined;
  if (entry.when) return 'the first addition depends on a condition';
  const hasOthers = variablesOf(profile).some((one) => 'entries' in one && one.name !== entry.name);
  return hasOthers ? 'the profile adds to several lists' : undefined;
}

/** Two files with the same text would share an annotation. */
function fileProblems({ files }: Profile): readonly ExportProblem[] {
  const heads = files.map(({ content }) => (typeof content[0] === 'string' ? content[0].slice(0, 20) : ''));
  const areDistinct = new Set(heads).size === heads.length && !heads.includes('');
  const facts = files.flatMap(({ content }) => parametersOf(content)).filter((name) => name === 'container.name');
  return [
    ...(areDistinct || files.length < 2
      ? []
      : [{ what: 'two configuration files may have the same text', instead: WEBHOOK }]),
    ...(facts.length === 0
      ? []
      : [{ what: 'the text of a configuration file differs between containers', instead: WEBHOOK }]),
  ];
}
