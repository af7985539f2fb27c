import { objectIn, textIn } from '../../lib/json.ts';
import type { Migration, Remark, SourceObject } from '../../migration/model.ts';
import { type Origin, placeText } from './sources.ts';

/** A line of the report: an element of `report` in `import -o json`. */
export interface ReportLine {
  /** File and line. */
  readonly at: string;
  /** `Instrumentation/java`. */
  readonly subject: string;
  readonly product: string;
  readonly key: string;
  readonly outcome: Remark['outcome'];
  readonly message: string;
  readonly todo?: string;
}

/** The remarks in the order of the files. */
export function reportOf(
  remarks: readonly Remark[],
  origins: ReadonlyMap<SourceObject, Origin>,
): readonly ReportLine[] {
  const order = [...origins.keys()];
  return remarks
    .toSorted((one, other) => order.indexOf(one.object) - order.indexOf(other.object))
    .map(({ object, path, ...rest }) => {
      const origin = origins.get(object);
      const subject = object.name === '' ? object.kind : `${object.kind}/${object.name}`;
      return { at: origin ? placeText({ object, path }, origin) : '', subject, ...rest };
    });
}

/** A line for each key that could not be carried over, and how many there are. */
export function reportLines(report: readonly ReportLine[], { profiles, namespaces }: Migration): readonly string[] {
  const count = (outcome: Remark['outcome']): number => report.filter((one) => one.outcome === outcome).length;
  const lost = report.filter(({ outcome }) => outcome === 'lost');
  return [
    ...lost.map(({ at, subject, key, message, todo = '' }) =>
      [at, subject, key, `not carried over: ${message}`, todo].filter((part) => part !== '').join(': '),
    ),
    `keys: ${count('carried')} carried over, ${count('stays')} left as they are, ${lost.length} lost`,
    ...listed('namespaces that are not in the files', namespaces),
    ...listed(
      'profiles for the server, to apply before the rest',
      profiles.map((one) => ({ name: textIn(objectIn(one, 'metadata'), 'name') })),
    ),
  ];
}

function listed(what: string, objects: readonly { readonly name: string }[]): readonly string[] {
  return objects.length === 0 ? [] : [`${what}: ${objects.map(({ name }) => name).join(', ')}`];
}
