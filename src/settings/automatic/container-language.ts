import { imageFactsOf } from '../../kubernetes/images/facts.ts';
import type { Container } from '../../kubernetes/pod.ts';
import type { Json } from '../../lib/json.ts';
import {
  isNative,
  isShell,
  languageOfProgram,
  type LanguageProof,
  languageProofs,
  nameOf,
  type ShownLanguage,
  withoutLaunchers,
} from '../../profiles/automatic/languages.ts';
import type { SettingSources } from '../resolve.ts';

/** What is proven of the language that a container runs. */
export type LanguageVerdict =
  | ({ readonly proven: true } & ShownLanguage)
  /** `seen`: what there is instead of a proof. */
  | { readonly proven: false; readonly seen: string; readonly languages: readonly ShownLanguage[] };

/** What the container starts, and how much of it its image says itself. */
interface Start {
  readonly words: readonly string[];
  readonly hasOwnProgram: boolean;
  readonly hasOwnArguments: boolean;
}

/**
 * The language of a container, by the program that it starts; where that says nothing and is the image's own, by the image. Never a guess: what a shell
 * starts, and a program that the pod names and no table has, prove nothing.
 */
export function containerLanguage({ cluster, catalogue }: SettingSources, container: Container): LanguageVerdict {
  const proofs = languageProofs(catalogue);
  const facts = imageFactsOf(cluster, container);
  const command = wordsIn(container['command']);
  const args = wordsIn(container['args']);
  if (command.length > 0)
    return languageOfStart(
      { words: [...command, ...args], hasOwnProgram: false, hasOwnArguments: false },
      undefined,
      proofs,
    );
  if (!facts) return unproven('the pod names no command, and nothing is known of its image');
  const { entrypoint, cmd, language } = facts;
  const hasOwnArguments = args.length === 0;
  const words = [...entrypoint, ...(hasOwnArguments ? cmd : args)];
  const hasOwnProgram = entrypoint.length > 0 || hasOwnArguments;
  return languageOfStart({ words, hasOwnProgram, hasOwnArguments }, language, proofs);
}

function languageOfStart(
  start: Start,
  language: ShownLanguage | undefined,
  proofs: readonly LanguageProof[],
): LanguageVerdict {
  const [program, ...args] = withoutLaunchers(start.words);
  if (program === undefined)
    return unproven(start.words.length === 0 ? 'it starts no program' : `it starts ${start.words.join(' ')}`);
  const byProgram = languageOfProgram(program, proofs);
  if (byProgram) return { proven: true, is: byProgram.is, by: `it starts ${byProgram.by}` };
  if (isShell(program)) return unproven(`it starts a shell, ${nameOf(program)}`);
  if (!start.hasOwnProgram || isNative(program)) return unproven(`it starts ${nameOf(program)}`);
  const against = againstImage(start, { program, next: args[0] }, language, proofs);
  if (against) return against;
  return language
    ? { proven: true, is: language.is, by: `its image has ${language.by}` }
    : unproven(`it starts ${nameOf(program)} of its image, which is for no one language`);
}

/** Why the program of an image may start something else than what the image is for: its first argument, which most start, is another program. */
function againstImage(
  { hasOwnArguments }: Start,
  { program, next }: { readonly program: string; readonly next: string | undefined },
  language: ShownLanguage | undefined,
  proofs: readonly LanguageProof[],
): LanguageVerdict | undefined {
  if (next === undefined) return undefined;
  const started = languageOfProgram(next, proofs);
  if (started && language && started.is !== language.is)
    return unproven(`its image is for ${language.is} and its arguments start ${started.by}`, [language, started]);
  const isOther = isShell(next) || isNative(next) || !(hasOwnArguments || next.startsWith('-'));
  return !started && isOther ? unproven(`${nameOf(program)} of its image starts ${nameOf(next)}`) : undefined;
}

function unproven(seen: string, languages: readonly ShownLanguage[] = []): LanguageVerdict {
  return { proven: false, seen, languages };
}

function wordsIn(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter((word): word is string => typeof word === 'string') : [];
}
