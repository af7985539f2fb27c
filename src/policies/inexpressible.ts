import { profileForbiddenBy } from '../profiles/catalogue.ts';
import type { Delivery } from '../profiles/delivery.ts';
import type { EnvironmentEntry } from '../profiles/environment.ts';
import type { Profile } from '../profiles/profile.ts';
import { parametersOf } from '../profiles/template.ts';
import type { ExportOptions, ExportProblem } from './export.ts';
import { variablesOf } from './environment.ts';
import { unknownFacts } from './parameters.ts';

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

function entryProblems(
  profile: Profile,
  entry: EnvironmentEntry,
  { parameters }: ExportOptions,
): readonly ExportProblem[] {
  const { name, operation, references, group, when } = entry;
  const problem = (what: string): readonly ExportProblem[] => [{ what: `variable ${name}: ${what}`, instead: WEBHOOK }];
  if (references.length > 0) return problem(`it refers to ${references.join(', ')}, whose place must be proven`);
  switch (operation.kind) {
    case 'set':
      return [];
    case 'force':
      return problem('it replaces a value');
    case 'merge': {
      const parameter = when?.parameter?.name ?? '';
      const isSet = [parameter, `${parameter}.${profile.name}`].some((one) => parameters.has(one));
      const isLeftOut = when?.parameter !== undefined && profile.parameters.get(parameter)?.default === undefined;
      return isLeftOut && !isSet ? [] : problem('it merges pairs into a list');
    }
    case 'append':
    case 'prepend': {
      if (group !== undefined) return problem('an addition to a list belongs to a group');
      const others = variablesOf(profile).filter((one) => 'entries' in one && one.name !== name);
      const isFirst = profile.environment.find((one) => one.name === name) === entry;
      if (isFirst && when) return problem('the first addition depends on a condition');
      return others.length > 0 && isFirst ? problem('the profile adds to several lists') : [];
    }
  }
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
