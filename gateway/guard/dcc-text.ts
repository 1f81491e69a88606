// dcc:textType: the same text in several languages.

/** @module dcc-text */
import type { XmlFields } from './xml-fields.ts';

/** In English where there is one, else in the first language. */
export function nameOf(text: XmlFields): string {
  const contents = text.all('dcc:content');
  const english = contents.find((content) => content.attribute('lang') === 'en') ?? contents[0];
  if (!english) text.odd('no dcc:content');
  return english?.text() ?? '';
}

export function inAllLanguages(text: XmlFields | null): string[] {
  return text?.all('dcc:content').map((content) => content.text()) ?? [];
}
