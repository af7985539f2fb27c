import { profileHash } from '../profiles/fingerprint.ts';
import { type Cel, firstOf, perContainer, quoted } from './cel.ts';
import type { EntryContext } from './environment.ts';
import { mountTexts } from './files.ts';
import { filesOf } from './volumes.ts';

const list = (name: string, names: Cel): Cel =>
  `[${names}].map(l, size(l) == 0 ? "" : ${quoted(`,"${name}":[`)} + l.map(n, "\\"" + n + "\\"").join(",") + "]")[0]`;

/** The members of an object without its braces. */
function head(members: object): string {
  return JSON.stringify(members).slice(1, -1);
}

/** The status of each container that the profile is for, as admission/status-text.ts writes it. */
export function containerRecords(
  context: EntryContext,
  { addedNames, changedNames }: { readonly addedNames: Cel; readonly changedNames: Cel },
): Cel {
  const { profile, delivery } = context;
  const who = '"{\\"container\\":\\"" + c.name + "\\","';
  const injected = [
    who,
    quoted(head({ profile: profile.name, hash: profileHash(profile), delivery: delivery.name })),
    list('env', addedNames),
    list('changed', changedNames),
    `[${mountTexts(context)}].map(m, size(m) == 0 ? "" : ",\\"mounts\\":{" + m.join(",") + "}")[0]`,
    list('annotations', annotationNames(context)),
    sources(context),
    '"}"',
  ].join(' + ');
  const skipped = [who, quoted(`${head({ profile: profile.name })},"reason":"`), 'variables.reasons[i]', '"\\"}"'];
  const text = firstOf(
    [
      ['variables.reasons[i] == ""', `[${injected}]`],
      ['variables.reasons[i] == "-"', '[]'],
    ],
    `[${skipped.join(' + ')}]`,
  );
  return `${perContainer(text)}.flatten()`;
}

/** The annotations with files that a container brings: those that no container before it has brought. */
function annotationNames(context: EntryContext): Cel {
  const names = filesOf(context).map(
    ({ annotation, isMounted }) =>
      `(${isMounted}) && variables.needed.transformList(k, n, k < i && variables.reasons[k] == "" && ${quoted(volumeOf(context, annotation))} in n).all(x, !x) ? [${quoted(annotation)}] : []`,
  );
  return names.length === 0 ? '[""].filter(n, n != "")' : names.map((one) => `(${one})`).join(' + ');
}

function volumeOf(context: EntryContext, annotation: string): string {
  const index = filesOf(context).findIndex((one) => one.annotation === annotation);
  return `${context.profile.name}-file${index === 0 ? '' : `-${index + 1}`}`;
}

/** Where the values of the parameters come from, in the order of the parameters. */
function sources({ profile }: EntryContext): Cel {
  const names = [...profile.parameters.keys()];
  if (names.length === 0) return '""';
  const all = `[${names.map((name) => `[${quoted(name)}] + variables.parameters[i][${quoted(name)}]`).join(', ')}]`;
  return (
    `[${all}.filter(p, size(p) == 3)].map(s, size(s) == 0 ? "" : ",\\"from\\":{" + ` +
    `s.map(p, p[2]).distinct().map(f, "\\"" + f + "\\":[" + s.filter(p, p[2] == f).map(p, "\\"" + p[0] + "\\"").join(",") + "]").join(",") + "}")[0]`
  );
}
