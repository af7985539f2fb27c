import { computed, effect, signal } from '@preact/signals';
import { printableText } from '../../lib/printable.ts';
import { readStored, store } from '../api/stored.ts';
import { english } from './english.ts';
import { japanese } from './japanese.ts';
import { korean } from './korean.ts';
import { filled, type Language, languageFor, LANGUAGES, type TextKey, type Texts, type ValuesOf } from './texts.ts';

const tables: { readonly [language in Language]: Texts } = { en: english, ja: japanese, ko: korean };

/** The names of the languages, each in itself. */
export const languageNames: { readonly [language in Language]: string } = { en: 'English', ja: '日本語', ko: '한국어' };

const chosen = readStored('language');

export const language = signal<Language>(LANGUAGES.find((one) => one === chosen) ?? languageFor(navigator.languages));

const texts = computed(() => tables[language.value]);

effect(() => {
  document.documentElement.lang = language.value;
});

export function chooseLanguage(to: string): void {
  language.value = LANGUAGES.find((one) => one === to) ?? language.value;
  store('language', language.value);
}

type Given<Key extends TextKey> = keyof ValuesOf<Key> extends never ? [] : [ValuesOf<Key>];

/** A text in the language of the page. A component that calls it is rendered again when the language changes. */
export function t<Key extends TextKey>(key: Key, ...[values]: Given<Key>): string {
  const text = texts.value[key];
  return values === undefined ? text : filled(text, values);
}

/** The text of a code that the server may have and the application does not know: then the code itself. */
export function termFor(group: string, code: string): string {
  const key = `${group}.${code}`;
  return isTextKey(key) ? texts.value[key] : printableText(code);
}

function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(english, key);
}

export function numberText(value: number, digits = 0): string {
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(
    value,
  );
}

const TIME: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit' };

export function clockText(at: number): string {
  return new Intl.DateTimeFormat(language.value, TIME).format(at);
}

/** A time as people write it; the text itself if it says no time. */
export function timeText(at: string): string {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return at;
  return new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'medium' }).format(time);
}
