import { createProgram } from '../../src/cli/program/program.ts';
import { exitCodes } from '../../src/cli/program/exit-code.ts';
import { auditKindMeanings } from '../../src/diagnostics/audit-pod.ts';
import { agentRequests } from '../../src/settings/agent-requests.ts';
import { keyTable } from '../../src/api/key-table.ts';
import { reasonTable } from '../../src/reasons/reason-table.ts';
import type { Matcher } from '../../src/api/profile/matcher.ts';
import { parameterClasses } from '../../src/profiles/tenancy/parameter-class.ts';
import { metricRows } from '../../src/metrics/definitions.ts';
import { flagOf, variableOf } from '../../src/config/option-names.ts';
import { optionNames, optionRows, defaultText } from '../../src/config/options.ts';
import { verdictCodes } from '../../src/diagnostics/liveness/verdict-code.ts';
import { EXIT_CODES } from '../../src/cli/verify/verify.ts';
import { catalogue } from '../support/fixtures.ts';
import type { Argument, Command } from 'commander';
import { COMPLETE } from '../../src/cli/program/names.ts';
import { code, table } from '../support/markdown.ts';

/** What of a matcher gives the agent away, wherever it stands. */
const wordOf = ({ env, resultingEnv, command, image, containerName, volume, mount }: Matcher): string => {
  const variable = env ?? resultingEnv;
  if (!variable) return command?.contains ?? image ?? containerName ?? volume ?? mount ?? '';
  const names = [variable.name].flat().join(', ');
  return variable.contains ?? (variable.equals === undefined ? names : `${names}=${variable.equals}`);
};

const argumentText = (argument: Argument): string => {
  const name = argument.name() + (argument.variadic ? '…' : '');
  return argument.required ? name : `[${name}]`;
};

/** The words of a command: `rollout plan`. */
const namesOf = (command: Command): readonly string[] =>
  command.parent?.parent ? [...namesOf(command.parent), command.name()] : [command.name()];

const containerForm = '`<setting>.agent-injector.io/<container>` on the pod';

/** The tables of docs/reference, each made of the rows that the code goes by. */
export const tables: Readonly<Record<string, () => string>> = {
  verdicts: () =>
    table(
      ['code', 'verdict', 'exit code', 'meaning'],
      Object.entries(verdictCodes).map(([name, { verdict, meaning }]) => [
        code(name),
        code(verdict),
        String(EXIT_CODES[verdict]),
        meaning,
      ]),
    ),
  keys: () =>
    table(
      ['key', 'as', 'on', 'values', 'meaning'],
      keyTable.map(({ name, as, on, values, meaning }) => [
        code(`agent-injector.io/${name}`),
        as,
        on.map((place) => (place === 'container' ? `container (${containerForm})` : place)).join(', '),
        values,
        meaning,
      ]),
    ),
  slots: () =>
    table(
      ['slot', 'what it is', 'profiles that take it'],
      [...catalogue.slots.values()].map(({ name, description }) => [
        code(name),
        description,
        [...catalogue.profiles.values()]
          .filter(({ slots }) => slots.includes(name))
          .map((profile) => `[${profile.name}](../agents/${profile.name}.md)`)
          .join(', '),
      ]),
    ),
  profilers: () =>
    [...catalogue.slots.values()]
      .filter(({ vendors }) => vendors.size > 0)
      .map((slot) =>
        [
          `Another agent occupies ${code(slot.name)} if one of these variables differs from the profile's value: ` +
            `${slot.variables.map(code).join(', ')}. ` +
            `${slot.off.map(({ variable, value }) => code(`${variable}=${value}`)).join(' or ')} switches the profiler off.`,
          '',
          table(
            ['GUID', 'vendor'],
            [...slot.vendors].map(([id, vendor]) => [code(id), vendor]),
          ),
        ].join('\n'),
      )
      .join('\n\n'),
  foreignAgents: () =>
    table(
      ['agent', 'takes', 'known by'],
      catalogue.foreignAgents.map(({ vendor, slots, match }) => [
        vendor,
        slots.map(code).join(', '),
        [...new Set(match.map(wordOf))].map(code).join(', '),
      ]),
    ),
  requests: () =>
    table(
      ['annotation', 'on', 'asks', 'for an agent in'],
      agentRequests.map(({ annotation, from, is, each, vendor, slots }) => [
        [
          code(is ? `${annotation}: ${is.join()}` : annotation),
          ...(each ? [code(each.replace('{container}', 'CONTAINER'))] : []),
        ].join(', '),
        from.join(', '),
        vendor,
        slots.map(code).join(', '),
      ]),
    ),
  sidecars: () =>
    catalogue.sidecars
      .map(
        ({ name, of, match }) =>
          `${code(name)}${match.length === 0 ? '' : ` (${of}, known by ${match.map(wordOf).map(code).join(', ')})`}`,
      )
      .join(', '),
  settings: () =>
    table(
      ['flag', 'environment variable', 'in the file', 'default', 'meaning'],
      optionNames.map((name) => [
        code(`--${flagOf(name)} ${optionRows[name].placeholder}`),
        code(variableOf(name)),
        name === 'config' ? '' : code(name),
        code(defaultText(name) ?? ''),
        optionRows[name].description,
      ]),
    ),
  commands: () =>
    table(
      ['command', 'what it does', 'flags'],
      createProgram('/usr/bin/agent-injector')
        .commands.filter((one) => one.name() !== COMPLETE)
        .flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))
        .map((command) => [
          code([...namesOf(command), ...command.registeredArguments.map(argumentText)].join(' ')),
          command.summary(),
          command.name() === 'serve'
            ? '[settings of the server](settings.md)'
            : command.options.map(({ long, short }) => code(short ?? long ?? '')).join(', '),
        ]),
    ),
  exitCodes: () => table(['exit code', 'meaning'], Object.entries(exitCodes)),
  findings: () =>
    table(
      ['kind of finding', 'meaning'],
      Object.entries(auditKindMeanings).map(([kind, meaning]) => [code(kind), meaning]),
    ),
  classes: () =>
    table(
      ['class', 'set with `tenancy: strict` by', 'what it decides'],
      Object.entries(parameterClasses).map(([name, { strict, meaning }]) => [
        code(name),
        strict === undefined ? 'all levels' : strict.join(', '),
        meaning,
      ]),
    ),
  reasons: () =>
    table(
      ['code', 'kind', 'meaning', 'what to do'],
      Object.entries(reasonTable).map(([reason, { kind, meaning, hint }]) => [code(reason), kind, meaning, hint]),
    ),
  metrics: () =>
    table(
      ['metric', 'type', 'labels', 'meaning'],
      Object.entries(metricRows).map(([name, { type, labels, help }]) => [
        code(name),
        type,
        labels.map(code).join(', '),
        help,
      ]),
    ),
};
