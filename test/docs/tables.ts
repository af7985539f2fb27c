import { keyTable } from '../../src/core/keys.ts';
import { expectation } from '../../src/core/parameter.ts';
import { reasonTable } from '../../src/core/reason-table.ts';
import { metricRows } from '../../src/http/metrics.ts';
import { flagOf, settingNames, settingRows, settingsSchema, variableOf } from '../../src/server-settings.ts';
import { catalogue } from '../core/fixtures.ts';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

const code = (text: string): string => `\`${text}\``;

const standard = settingsSchema.parse({});

const containerForm = '`<setting>.agent-injector.io/<container>` on the pod';

/** The tables of docs/reference.md, each made of the rows that the code goes by. */
export const tables: Readonly<Record<string, () => string>> = {
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
  profiles: () =>
    [...catalogue.profiles.values()]
      .map((profile) =>
        [
          `### ${profile.name}`,
          '',
          `${profile.description} Vendor: ${profile.vendor}. Runs on: ${profile.constraints.os.join(', ')}. [Source](${profile.documentation ?? ''}).`,
          '',
          `Deliveries, the first is the default: ${profile.deliveries.map(({ name }) => code(name)).join(', ')}. ` +
            `Mounted at: ${profile.mounts.map(({ path }) => code(path)).join(', ')}.`,
          '',
          table(
            ['parameter', 'value', 'default', 'meaning'],
            [...profile.parameters.values()].map((parameter) => [
              code(`agent-injector.io/${parameter.name}`),
              expectation(parameter),
              parameter.default === undefined
                ? parameter.required
                  ? 'required'
                  : ''
                : code(String(parameter.default)),
              parameter.description,
            ]),
          ),
          '',
          table(
            ['variable', 'value', 'when the pod has it already'],
            profile.environment.map(({ name, operation, group }) => [
              code(name),
              'text' in operation.value
                ? code(
                    operation.value.text
                      .map((part) => (typeof part === 'string' ? part : `\${${part.parameter}}`))
                      .join(''),
                  )
                : operation.value.reference,
              group === undefined
                ? {
                    set: "the pod's value stays",
                    force: 'it is replaced',
                    append: 'added to its end',
                    prepend: 'added to its beginning',
                    merge: 'merged',
                  }[operation.kind]
                : `another value is a conflict (atomic set ${code(group)})`,
            ]),
          ),
        ].join('\n'),
      )
      .join('\n\n'),
  slots: () =>
    [...catalogue.slots.values()]
      .map((slot) =>
        [
          `${slot.description} (${code(slot.name)}). Taken by: ${slot.variables.map(code).join(', ')}. ` +
            `Switched off by: ${slot.off.map(({ variable, value }) => code(`${variable}=${value}`)).join(', ')}.`,
          '',
          table(
            ['GUID', 'vendor'],
            [...slot.vendors].map(([id, vendor]) => [code(id), vendor]),
          ),
        ].join('\n'),
      )
      .join('\n\n'),
  sidecars: () => [...catalogue.sidecars].map(code).join(', '),
  settings: () =>
    table(
      ['flag', 'environment variable', 'in the file', 'default', 'meaning'],
      settingNames.map((name) => [
        code(`--${flagOf(name)} ${settingRows[name].placeholder}`),
        code(variableOf(name)),
        name === 'config' ? '' : code(name),
        standard[name] === undefined ? '' : code(String(standard[name])),
        settingRows[name].description,
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
