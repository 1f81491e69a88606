import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  DICTIONARIES,
  type Key,
  preferredLanguage,
  sayIn,
} from '../../../gateway/web/text/words.ts';

const FOLDER = new URL('../../../gateway/web', import.meta.url).pathname;
const keys = Object.keys(DICTIONARIES.en);
const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([blank]) => blank).sort();

test('both languages have every sentence, with the same blanks', () => {
  expect(Object.keys(DICTIONARIES.zh).sort()).toEqual([...keys].sort());
  for (const key of keys as Key[]) {
    const [english, chinese] = [DICTIONARIES.en[key], DICTIONARIES.zh[key]];
    expect(english.trim(), key).not.toBe('');
    expect(chinese.trim(), key).not.toBe('');
    expect(blanks(chinese), key).toEqual(blanks(english));
  }
});

test('Chinese is Chinese, but for names', () => {
  const latin = keys.filter((key) => !/\p{Script=Han}/u.test(DICTIONARIES.zh[key as Key]));
  expect(latin.sort()).toEqual(['axis.of', 'export.json']);
});

/** Every text a reader sees is in the dictionary, so none is written in a component. */
test('no component holds a sentence of its own', () => {
  const sentences = sources().flatMap(([file, text]) =>
    [...text.matchAll(/>\s*([A-Za-z][A-Za-z’']+ [^<>{}]*[a-z][^<>{}]*)</g)]
      .map(([, found = '']) => `${file}: ${found.trim()}`)
      .filter((found) => !/[=;()&|]/.test(found)),
  );
  expect(sentences).toEqual(['parts/answered.tsx: truegrain token add --role auditor']);
});

test('every sentence is said somewhere', () => {
  const all = sources()
    .map(([, text]) => text)
    .join('\n');
  const built = [...all.matchAll(/`([a-z-]+\.(?:[a-z]+[.-])?)\$\{/g)].map(
    ([, start = '']) => start,
  );
  const unsaid = keys.filter(
    (key) =>
      !all.includes(`'${key}'`) &&
      !all.includes(`"${key}"`) &&
      !built.some((start) => key.startsWith(start)),
  );
  expect(unsaid).toEqual([]);
});

function sources(): [string, string][] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/^(dist|text)\//.test(file))
    .map((file) => [file, readFileSync(join(FOLDER, file), 'utf8')]);
}

test('blanks are filled, and what the page does not know says its own name', () => {
  const say = sayIn('en');
  expect(say('entry.name', { leafIndex: 7 })).toBe('entry 7');
  expect(say('entry.name')).toBe('entry {leafIndex}');
  expect(say('kind.of-tomorrow' as Key)).toBe('of-tomorrow');
  // A filling is text, never a pattern.
  expect(say('search.title', { question: '$& {question}' })).toBe('Search: $& {question}');
});

test('the reader’s first language that the page speaks', () => {
  expect(preferredLanguage(['fr', 'zh-Hant-TW', 'en'])).toBe('zh');
  expect(preferredLanguage(['en-US', 'zh'])).toBe('en');
  expect(preferredLanguage(['fr'])).toBe('en');
});
