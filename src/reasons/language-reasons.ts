import { AUTO, PREFIX } from '../api/keys.ts';
import { oneLine, quote } from '../lib/text.ts';
import type { ReasonRow } from './reason-kind.ts';
import type { Source } from './source.ts';

/** Why `profile: auto` chooses none. `seen`: what the container and its image show. */
export type LanguageReason =
  | { readonly code: 'auto-without-profiles'; readonly source: Source }
  | { readonly code: 'language-not-proven'; readonly seen: string }
  | { readonly code: 'languages-ambiguous'; readonly seen: string }
  | {
      readonly code: 'language-without-profile';
      readonly language: string;
      readonly seen: string;
      readonly profiles: readonly string[];
    }
  | { readonly code: 'profiles-ambiguous'; readonly language: string; readonly profiles: readonly string[] };

/** The rows about `profile: auto`, which are a part of the reason table. */
export const languageTable = {
  'auto-without-profiles': {
    kind: 'problem',
    meaning: '`profile` is `auto`, and nothing names the profiles to choose from.',
    hint: `Set the annotation ${PREFIX}/auto-profiles on the namespace, or defaults.auto-profiles in the configuration file, or write them behind it: ${AUTO}(NAME, NAME).`,
  },
  'language-not-proven': {
    kind: 'problem',
    meaning:
      '`profile` is `auto`, and nothing proves which language the container runs: not the program that it starts, and not its image. What a shell starts is not looked at.',
    hint: `Name the profile for the container: profile.${PREFIX}/CONTAINER (none: no agent). Or let command name the program (java, node, python, dotnet), or give agent-injector the facts of the image: agent-injector image.`,
  },
  'languages-ambiguous': {
    kind: 'problem',
    meaning: '`profile` is `auto`, and the container and its image show different languages.',
    hint: `Name the profile for the container: profile.${PREFIX}/CONTAINER (none: no agent).`,
  },
  'language-without-profile': {
    kind: 'choice',
    meaning: '`profile` is `auto`, and none of the profiles to choose from is for the language of the container.',
    hint: `Add a profile for the language to those that ${AUTO} chooses from, if there is one.`,
  },
  'profiles-ambiguous': {
    kind: 'problem',
    meaning: '`profile` is `auto`, and several of the profiles to choose from are for the language of the container.',
    hint: `Leave one of them in the list, or name it for the container: profile.${PREFIX}/CONTAINER.`,
  },
} as const satisfies Readonly<Record<LanguageReason['code'], ReasonRow>>;

type Messages = {
  readonly [code in LanguageReason['code']]: (reason: Extract<LanguageReason, { code: code }>) => string;
};

/** The messages of these rows. The place of a setting is given as text. */
export const languageMessages = (sourceText: (source: Source) => string) =>
  ({
    'auto-without-profiles': ({ source }) => `${AUTO} has no profiles to choose from (${sourceText(source)})`,
    'language-not-proven': ({ seen }) => `the language of the container is not proven: ${oneLine(seen, MAX_SEEN)}`,
    'languages-ambiguous': ({ seen }) => `the container shows two languages: ${oneLine(seen, MAX_SEEN)}`,
    'language-without-profile': ({ language, seen, profiles }) =>
      `the container runs ${oneLine(language, 40)} (${oneLine(seen, MAX_SEEN)}), which none of ${profiles.join(', ')} is for`,
    'profiles-ambiguous': ({ language, profiles }) =>
      `${profiles.join(' and ')} are all for ${quote(language)}, and one is wanted`,
  }) satisfies Messages;

const MAX_SEEN = 200;
