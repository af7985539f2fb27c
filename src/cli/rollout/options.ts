import type { OfflineOptions } from '../../config/catalogue.ts';
import { DEFAULT_GAPS, type Gap, GAPS, type Mode } from '../../diagnostics/rollout/gaps.ts';
import type { Limits } from '../../diagnostics/rollout/schedule.ts';
import { parseWindow, type Window } from '../../diagnostics/rollout/window.ts';
import { splitList } from '../../lib/text.ts';
import { UsageError } from '../../lib/usage-error.ts';
import type { ClusterOptions } from '../../server/cluster.ts';
import type { NamespaceScope } from '../cluster/reader.ts';

/** The flags of `rollout plan` and `rollout run`. */
export interface PlanFlags extends NamespaceScope, OfflineOptions, ClusterOptions {
  readonly reason?: string | undefined;
  readonly mode: Mode;
}

/** Flags as text, as the command line has them. */
export interface RunFlags extends PlanFlags {
  readonly atATime: string;
  /** Undefined: no limit but `atATime`. */
  readonly perNamespace?: string | undefined;
  readonly pause: string;
  readonly settle: string;
  readonly timeout: string;
  readonly window?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Pace extends Limits {
  readonly settleMs: number;
  readonly timeoutMs: number;
  readonly window: Window | undefined;
}

/** Throws a UsageError with the words that are no reasons. */
export function gapsIn({ reason }: Pick<PlanFlags, 'reason'>): readonly Gap[] {
  if (reason === undefined) return DEFAULT_GAPS;
  const words = splitList(reason);
  const unknown = words.filter((word) => !GAPS.some((gap) => gap === word));
  if (unknown.length > 0 || words.length === 0)
    throw new UsageError([`--reason: "${reason}" must be some of ${GAPS.join(', ')}, comma-separated`]);
  return GAPS.filter((gap) => words.includes(gap));
}

/** Throws a UsageError with all problems. */
export function paceOf(flags: RunFlags): Pace {
  const problems: string[] = [];
  const read = <Value>(flag: string, text: string, parse: (text: string) => Value | string): Value | undefined => {
    const value = parse(text);
    if (typeof value !== 'string') return value;
    problems.push(`--${flag}: "${text}" ${value}`);
    return undefined;
  };
  const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const window =
    flags.window === undefined
      ? undefined
      : read('window', flags.window, (text) => {
          const parsed = parseWindow(text, localZone);
          return parsed.ok ? parsed.value : parsed.error;
        });
  const pace = {
    atATime: read('at-a-time', flags.atATime, count) ?? 1,
    perNamespace: flags.perNamespace === undefined ? Infinity : (read('per-namespace', flags.perNamespace, count) ?? 1),
    pauseMs: read('pause', flags.pause, duration) ?? 0,
    settleMs: read('settle', flags.settle, duration) ?? 0,
    timeoutMs: read('timeout', flags.timeout, duration) ?? 0,
    window,
  };
  if (problems.length > 0) throw new UsageError(problems);
  return pace;
}

function count(text: string): number | string {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 'must be a number from 1 to 99999';
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string): number | string {
  const [, digits, unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  const ms = UNITS[unit];
  return ms === undefined ? 'must be a duration such as 30s, 5m or 1h' : Number(digits) * ms;
}
