import type { ConfigFacts, ImageVariable } from '../../images/facts.ts';
import { formatTable, indent } from '../format.ts';

/** What is known of an image that could be read. */
export interface KnownImage extends ConfigFacts {
  readonly image: string;
  /** Undefined: the file does not say it. */
  readonly digest: string | undefined;
  /** The name by which an image without a digest was saved. */
  readonly name?: string | undefined;
  readonly platform: string;
  readonly platforms: readonly string[];
}

export function imageLines(images: readonly KnownImage[]): readonly string[] {
  return images.flatMap((one, index) => [...(index === 0 ? [] : ['']), ...linesOf(one)]);
}

function linesOf(one: KnownImage): readonly string[] {
  const { language, libc, user, variables, agents } = one;
  const others = one.platforms.filter((platform) => platform !== one.platform);
  const command = [...one.entrypoint, ...one.cmd];
  const rows = [
    [
      'digest',
      one.digest ??
        `not in the file: facts count ${one.name === undefined ? 'for no image' : `by the tag ${one.name}`}`,
    ],
    ['platform', others.length === 0 ? one.platform : `${one.platform}, also ${others.join(', ')}`],
    [
      'language',
      language ? `${[language.is, language.version].filter(Boolean).join(' ')} (by ${language.by})` : 'not shown',
    ],
    ['libc', libc ? `${libc.is} (by ${libc.by})` : 'not shown'],
    ['user', user === '' ? 'root, as none is named' : user],
    ['command', command.length === 0 ? 'none' : command.map(shown).join(' ')],
    ...agents.map(({ vendor, at }) => ['agent', `${vendor} (${at})`]),
  ];
  return [
    one.image,
    ...formatTable(rows).map((line) => indent(line)),
    ...variables.filter(({ setBy }) => setBy.length > 0).flatMap(variableLines),
  ];
}

/** A word as a shell would need it, so that words with spaces stay apart. */
function shown(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word);
}

function variableLines({ name, value, setBy }: ImageVariable): readonly string[] {
  return [
    '',
    indent(
      `${name} is set by the image, and also by ${setBy.length === 1 ? 'the profile' : 'the profiles'} ${setBy.join(', ')}.`,
    ),
    indent("A variable in a pod replaces the image's value. To keep that value, write it into the container:"),
    indent(indent(`env: [{name: ${name}, value: ${JSON.stringify(value)}}]`)),
  ];
}
