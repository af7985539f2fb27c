import type { LifeSign, SignsOfLife } from '../../api/profile/signs-of-life.ts';
import { dispatchMember, type MemberTable } from '../../lib/dispatch.ts';
import { oneLine } from '../../lib/text.ts';
import { directoryOf, fileIn, lifeSignText, lineWith } from '../../api/profile/life-sign.ts';
import type { Result } from '../../lib/result.ts';

/** What was read in a container; an error says why it could not be, as a sentence fragment. */
export type Reading<Value> = Result<Value, string>;

export interface Lines {
  readonly lines: readonly string[];
  /** True if lines are missing in which a sign may be. */
  readonly isPartial: boolean;
}

/** A line of a log, and when it was written, in ms since the epoch. */
export interface LogLine {
  readonly at: number;
  readonly text: string;
}

/** The start of a log as it was read. `isCut`: there may be more lines. */
export interface LogStart {
  readonly lines: readonly LogLine[];
  readonly isCut: boolean;
}

/**
 * The lines in which a sign must be, of a container that started at `startedAt`, in ms since the epoch. Some are missing if the log begins too late, because the
 * kubelet has rotated it, or ends too early, because there is too much of it.
 */
export function linesOfStart({ lines, isCut }: LogStart, startedAt: number, withinSeconds: number): Lines {
  const until = startedAt + withinSeconds * 1000;
  const [first] = lines;
  const last = lines.at(-1);
  const isPartial = (first !== undefined && first.at > until) || (isCut && last !== undefined && last.at < until);
  return { lines: lines.map(({ text }) => text), isPartial };
}

/** What was read about the signs of an agent in one container. What is undefined was not read. */
export interface ContainerFacts {
  readonly log?: Reading<Lines>;
  /** From a directory to the names in it; a directory that does not exist has none. */
  readonly directories?: ReadonlyMap<string, Reading<readonly string[]>>;
  readonly ports?: Reading<ReadonlySet<number>>;
  /** The lines of /proc/PID/maps of the processes. */
  readonly maps?: Reading<Lines>;
}

type Seen =
  | { readonly kind: 'seen'; readonly evidence: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unread'; readonly why: string };

/** What the signs say together: `unread` if a sign of life may be there where nothing could be read. */
export type SignsVerdict =
  | { readonly kind: 'alive' | 'failed'; readonly evidence: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unread'; readonly why: readonly string[] };

const ABSENT: Seen = { kind: 'absent' };

const looks: MemberTable<LifeSign, Seen, [facts: ContainerFacts]> = {
  log: ({ contains }, { log }) => lookIn(log, contains, 'the start of the log is not there any more, or is too long'),
  file: (path, { directories }) => {
    const { directory, pattern } = directoryOf(path);
    return look(directories?.get(directory), (names) => {
      const name = fileIn(pattern, names);
      return name === undefined ? undefined : `${directory === '/' ? '' : directory}/${name}`;
    });
  },
  port: (port, { ports }) => look(ports, (open) => (open.has(port) ? `port ${port}` : undefined)),
  library: ({ contains }, { maps }) => lookIn(maps, contains, 'the files of process 1 may not be read by its user'),
};

function lookIn(reading: Reading<Lines> | undefined, contains: string | readonly string[], whyPartial: string): Seen {
  const found = look(reading, ({ lines }) => lineWith(contains, lines));
  return found.kind === 'absent' && reading?.ok && reading.value.isPartial
    ? { kind: 'unread', why: whyPartial }
    : found;
}

function look<Value>(reading: Reading<Value> | undefined, find: (value: Value) => string | undefined): Seen {
  if (!reading) return { kind: 'unread', why: 'it was not read' };
  if (!reading.ok) return { kind: 'unread', why: reading.error };
  const evidence = find(reading.value);
  return evidence === undefined ? ABSENT : { kind: 'seen', evidence };
}

const MAX_EVIDENCE = 160;

function seen(sign: LifeSign, facts: ContainerFacts): Seen {
  const found: Seen = dispatchMember(looks, sign, facts);
  if (found.kind !== 'seen') return found;
  return { kind: 'seen', evidence: `${lifeSignText(sign)}: ${oneLine(found.evidence.trim(), MAX_EVIDENCE)}` };
}

/** Signs of failure count more than signs of life. */
export function judgeSigns({ alive = [], failed }: SignsOfLife, facts: ContainerFacts): SignsVerdict {
  for (const [kind, signs] of [
    ['failed', failed],
    ['alive', alive],
  ] as const) {
    const found = signs.map((sign) => seen(sign, facts)).find((one) => one.kind === 'seen');
    if (found) return { kind, evidence: found.evidence };
  }
  const why = alive.flatMap((sign) => {
    const found = seen(sign, facts);
    return found.kind === 'unread' ? [found.why] : [];
  });
  return why.length === 0 ? ABSENT_SIGNS : { kind: 'unread', why: [...new Set(why)] };
}

const ABSENT_SIGNS: SignsVerdict = { kind: 'absent' };

/** Where the signs have to be looked for. */
export interface Places {
  readonly log: boolean;
  readonly directories: readonly string[];
  readonly ports: boolean;
  readonly maps: boolean;
}

export function placesOf({ alive = [], failed }: SignsOfLife): Places {
  const all = [...alive, ...failed];
  return {
    log: all.some((sign) => sign.log !== undefined),
    directories: [
      ...new Set(all.flatMap((sign) => (sign.file === undefined ? [] : [directoryOf(sign.file).directory]))),
    ],
    ports: all.some((sign) => sign.port !== undefined),
    maps: all.some((sign) => sign.library !== undefined),
  };
}
