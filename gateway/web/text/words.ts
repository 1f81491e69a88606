// What the page says, in the languages it speaks.
import { EN } from './en.ts';
import { ZH } from './zh.ts';

export type Language = 'en' | 'zh';
export type Key = keyof typeof EN;
export type Filling = Readonly<Record<string, string | number>>;
/**
 * Says the sentence of a key, its `{names}` filled in. A kind or state that a newer gateway has and
 * this page does not know is said by its own name.
 */
export type Say = (key: Key, filling?: Filling) => string;

export const DICTIONARIES: Readonly<Record<Language, Readonly<Record<Key, string>>>> = {
  en: EN,
  zh: ZH,
};
/** In its own words, for the switch. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };
/** BCP 47, for `lang` and for times and numbers. */
export const LANGUAGE_TAGS: Readonly<Record<Language, string>> = { en: 'en-GB', zh: 'zh-CN' };

export function sayIn(language: Language): Say {
  const sentences: Readonly<Record<string, string | undefined>> = DICTIONARIES[language];
  return (key, filling = {}) =>
    (sentences[key] ?? key.slice(key.indexOf('.') + 1)).replaceAll(
      /\{(\w+)\}/g,
      (blank, name: string) => String(filling[name] ?? blank),
    );
}

/** The first of the reader's languages that the page speaks. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    if (/^zh\b/i.test(tag)) return 'zh';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}
