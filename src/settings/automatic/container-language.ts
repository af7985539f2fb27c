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
    return languageOfStart({ words: [...command, ...args], hasOwnProgram: false, hasOwnArguments: false }, [], proofs);
  if (!facts) return unproven('the pod names no command, and nothing is known of its image');
  const { entrypoint, cmd, language } = facts;
  const hasOwnArguments = args.length === 0;
  const words = [...entrypoint, ...(hasOwnArguments ? cmd : args)];
  const hasOwnProgram = entrypoint.length > 0 || hasOwnArguments;
  return languageOfStart({ words, hasOwnProgram, hasOwnArguments }, language ? [language] : [], proofs);
}

function languageOfStart(
  { words, hasOwnProgram, hasOwnArguments }: Start,
  shown: readonly ShownLanguage[],
  proofs: readonly LanguageProof[],
): LanguageVerdict {
  const [program, next] = withoutLaunchers(words);
  if (program === undefined)
    return unproven(words.length === 0 ? 'it starts no program' : `it starts ${words.join(' ')}`);
  const byProgram = languageOfProgram(program, proofs);
  if (byProgram) return { proven: true, is: byProgram.is, by: `it starts ${byProgram.by}` };
  if (isShell(program)) return unproven(`it starts a shell, ${nameOf(program)}`);
  if (!hasOwnProgram || isNative(program)) return unproven(`it starts ${nameOf(program)}`);
  const [language] = shown;
  const byNext = next === undefined ? undefined : languageOfProgram(next, proofs);
  if (byNext && language && byNext.is !== language.is)
    return unproven(`its image is for ${language.is} and its arguments start ${byNext.by}`, [language, byNext]);
  if (next !== undefined && !byNext && (isShell(next) || isNative(next) || !(hasOwnArguments || next.startsWith('-'))))
    return unproven(`${nameOf(program)} of its image starts ${nameOf(next)}`);
  return language
    ? { proven: true, is: language.is, by: `its image has ${language.by}` }
    : unproven(`it starts ${nameOf(program)} of its image, which is for no one language`);
}

function unproven(seen: string, languages: readonly ShownLanguage[] = []): LanguageVerdict {
  return { proven: false, seen, languages };
}

function wordsIn(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter((word): word is string => typeof word === 'string') : [];
}
