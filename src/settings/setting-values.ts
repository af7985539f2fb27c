import { LIBCS } from '../api/keys.ts';
import type { Position } from '../api/profile/delivery.ts';
import { splitList } from '../lib/text.ts';
import { deliveryNeeds } from '../profiles/delivery.ts';

interface SettingValues {
  /** Follows "must be". */
  readonly expected: string;
  readonly accepts: (text: string) => boolean;
}

/** The settings whose values are fixed: annotations and cluster-wide defaults are checked by the same rule. */
export const settingValues = {
  inject: oneOf('true', 'false'),
  libc: oneOf(...LIBCS),
  'init-position': {
    expected: '"first", "last" or "before NAME"',
    accepts: (text: string) => readPosition(text) !== undefined,
  },
  'image-volumes': oneOf('auto', 'on', 'off'),
  canary: percentage(),
  'canary-version': percentage(),
  'exclude-deliveries': {
    expected: `"none", or kinds of deliveries, comma-separated: ${Object.keys(deliveryNeeds).join(', ')}`,
    accepts: (text: string) => readKinds(text).every((kind) => Object.hasOwn(deliveryNeeds, kind)),
  },
} as const satisfies Readonly<Record<string, SettingValues>>;

function percentage(): SettingValues {
  return { expected: 'a percentage, from 0 to 100', accepts: (text) => /^(\d{1,2}|100)$/.test(text) };
}

function oneOf(...known: readonly string[]): SettingValues {
  const words = known.map((word) => `"${word}"`);
  const expected = `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
  return { expected, accepts: (text) => known.includes(text) };
}

export function readKinds(text: string): readonly string[] {
  return text.trim() === 'none' ? [] : splitList(text);
}

export function readPosition(text: string): Position | undefined {
  const trimmed = text.trim();
  if (trimmed === 'first' || trimmed === 'last') return trimmed;
  const before = /^before\s+([a-z0-9-]{1,63})$/.exec(trimmed)?.[1];
  return before === undefined ? undefined : { before };
}
