import type { english } from './english.ts';

export type TextKey = keyof typeof english;

/** A language that misses a text does not compile. */
export type Texts = { readonly [key in TextKey]: string };

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** What a text must be given: the names in its braces. */
export type ValuesOf<Key extends TextKey> = { readonly [name in NamesIn<(typeof english)[Key]>]: string | number };

/** Puts values in the place of names in braces. What the values say is not read again. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}

export const LANGUAGES = ['en', 'ja', 'ko'] as const;

export type Language = (typeof LANGUAGES)[number];

/** The first language of a browser's list that the application has. */
export function languageFor(preferred: readonly string[]): Language {
  for (const one of preferred) {
    const found = LANGUAGES.find((language) => one.toLowerCase().split('-')[0] === language);
    if (found) return found;
  }
  return 'en';
}
