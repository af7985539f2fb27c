import { AUTO } from '../../api/keys.ts';
import { splitList } from '../../lib/text.ts';

/** The value of the setting `profile`. */
export interface ProfileChoice {
  /** True if the language of a container decides which of the profiles it gets. */
  readonly auto: boolean;
  /** The names in it, without duplicates; empty for `none`, and for `auto` alone. */
  readonly names: readonly string[];
}

/** Reads the setting `profile`: `none`, names, `auto` or `auto(NAME, NAME)`. Undefined if `auto` stands beside something else. */
export function readProfileChoice(text: string): ProfileChoice | undefined {
  const auto = /^\s*auto\s*(?:\(([^()]*)\))?\s*$/.exec(text);
  const names = [...new Set(splitList(auto ? (auto[1] ?? '') : text))];
  if (auto) return { auto: true, names };
  if (names.some((name) => /^auto$|[()]/.test(name))) return undefined;
  return { auto: false, names: names.length === 1 && names[0] === 'none' ? [] : names };
}

export const PROFILE_CHOICE_EXPECTED = `names of profiles, comma-separated, "none", "${AUTO}" or "${AUTO}(NAME, NAME)"`;
