import type { Container } from '../../kubernetes/pod.ts';
import type { Result } from '../../lib/result.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Reason } from '../../reasons/reason.ts';
import { containerLanguage, type LanguageVerdict } from './container-language.ts';
import type { SettingSources } from '../resolve.ts';

/** The profile that a container gets of several, and what proves its language. */
export interface AutomaticChoice {
  readonly profiles: Result<readonly Profile[], Reason>;
  /** In words; undefined if nothing was looked at. */
  readonly evidence: string | undefined;
}

/** Chooses the one profile for the language that is proven. None or two of them are a reason, never a guess. */
export function chooseByLanguage(
  sources: SettingSources,
  container: Container,
  candidates: readonly Profile[],
): AutomaticChoice {
  const verdict = containerLanguage(sources, container);
  return { profiles: choose(verdict, candidates), evidence: evidenceOf(verdict) };
}

function choose(verdict: LanguageVerdict, candidates: readonly Profile[]): AutomaticChoice['profiles'] {
  const names = candidates.map(({ name }) => name);
  if (!verdict.proven) {
    const { seen, languages } = verdict;
    return { ok: false, error: { code: languages.length > 1 ? 'languages-ambiguous' : 'language-not-proven', seen } };
  }
  const { is: language, by: seen } = verdict;
  const fitting = candidates.filter((profile) => profile.language === language);
  if (fitting.length === 1) return { ok: true, value: fitting };
  return fitting.length === 0
    ? { ok: false, error: { code: 'language-without-profile', language, seen, profiles: names } }
    : { ok: false, error: { code: 'profiles-ambiguous', language, profiles: fitting.map(({ name }) => name) } };
}

function evidenceOf(verdict: LanguageVerdict): string {
  return verdict.proven ? `it runs ${verdict.is}: ${verdict.by}` : verdict.seen;
}
