import { expect, test } from 'vitest';
import { shownCheckpoint } from '../../../gateway/web/api/checkpoint.ts';
import { EventReader } from '../../../gateway/web/api/event-stream.ts';
import { csvOf } from '../../../gateway/web/csv.ts';
import { fileName } from '../../../gateway/web/download.ts';
import { durationWords, lastPart, quantityWords, timeWords } from '../../../gateway/web/format.ts';
import { itemName, keyParts } from '../../../gateway/web/gs1-name.ts';
import { guesses } from '../../../gateway/web/search-guess.ts';
import { keepTrust, NO_TRUST, storedTrust } from '../../../gateway/web/trust.ts';

const SECOND_MS = 1_000;

test('times are UTC and say so', () => {
  expect(timeWords(Date.UTC(2026, 10, 29, 23, 5, 9), 'en-GB')).toBe('29 Nov 2026, 23:05:09 UTC');
  expect(timeWords(null, 'en-GB')).toBe('–');
  expect(timeWords(9e15, 'en-GB')).toBe('–');
});

test.each([
  [0, '0 secs'],
  [59 * SECOND_MS, '59 secs'],
  [600 * SECOND_MS, '10 mins'],
  [9_000 * SECOND_MS, '2 hrs 30 mins'],
  [90_000 * SECOND_MS, '1 day 1 hr'],
  [-5, '0 secs'],
])('%d ms', (ms, words) => {
  expect(durationWords(ms, 'en-GB')).toBe(words);
});

test('quantities carry the unit that people write', () => {
  expect(quantityWords(4.256, 'Cel', 'en-GB')).toBe('4.26\u202f°C');
  expect(quantityWords(3, null, 'en-GB')).toBe('3');
  expect(quantityWords(3, 'constructor', 'en-GB')).toBe('3\u202fconstructor');
});

test.each([
  ['https://id.gs1.org/00/395060001343500010', 'SSCC 395060001343500010'],
  ['https://example.org/some/01/09506000134352/10/A%2FB', 'GTIN 09506000134352 · lot A/B'],
  ['geo:45.46,9.19;u=10', '45.46°, 9.19°'],
  ['urn:dev:ops:1', 'urn:dev:ops:1'],
  [`urn:x:${'y'.repeat(60)}`, `…${'y'.repeat(34)}`],
  ['https://example.org/constructor/1', 'https://example.org/constructor/1'],
])('%s', (uri, name) => {
  expect(itemName(uri)).toBe(name);
});

test('a broken escape in a key is shown as it is', () => {
  expect(keyParts('https://id.gs1.org/01/1%E0%A4%A')).toEqual([
    { name: 'GTIN', value: '1%E0%A4%A' },
  ]);
});

test('last parts of vocabulary', () => {
  expect(lastPart('https://ref.gs1.org/cbv/BizStep-shipping')).toBe('shipping');
  expect(lastPart('urn:epcglobal:cbv:bizstep:shipping')).toBe('shipping');
  expect(lastPart('shipping')).toBe('shipping');
});

test.each([
  ['ab'.repeat(32), 'statement', 'ab'.repeat(32)],
  ['urn:dev:ops:1', 'device', 'urn:dev:ops:1'],
  ['urn:epc:id:sgtin:9506000.013435.1', 'item', 'urn:epc:id:sgtin:9506000.013435.1'],
  ['(00) 395060001343500010', 'item', 'https://id.gs1.org/00/395060001343500010'],
  ['9506000134352', 'product', 'https://id.gs1.org/01/09506000134352'],
  ['(01)09506000134352(10)AB/1', 'lot', 'https://id.gs1.org/01/09506000134352/10/AB%2F1'],
  ['(01)09506000134352(21)7', 'item', 'https://id.gs1.org/01/09506000134352/21/7'],
  ['12', 'block', '12'],
])('search for %s', (text, kind, id) => {
  expect(guesses(text)).toMatchObject([{ kind, id }]);
});

test('a search text without form means nothing', () => {
  expect(guesses('rice')).toEqual([]);
  expect(guesses('  ')).toEqual([]);
});

test('CSV keeps cells apart and runs no formula', () => {
  expect(
    csvOf(
      ['a', 'b'],
      [
        ['=1+1', 'x,"y"'],
        [-1.5, null],
      ],
    ),
  ).toBe('a,b\r\n\'=1+1,"x,""y"""\r\n-1.5,\r\n');
});

test('a file name chooses no folder', () => {
  expect(fileName('../../etc/passwd')).toBe('..-..-etc-passwd');
  expect(fileName('批次 7/a.csv')).toBe('批次-7-a.csv');
});

test('events of a stream, wherever the network cuts it', () => {
  const whole = ': hello\ndata: {"a":1}\n\nevent: x\ndata: one\r\ndata:two\r\n\r\ndata: open';
  for (let size = 1; size <= whole.length; size += 1) {
    const seen: string[] = [];
    const reader = new EventReader((data) => seen.push(data));
    for (let i = 0; i < whole.length; i += size) reader.take(whole.slice(i, i + size));
    expect(seen).toEqual(['{"a":1}', 'one\ntwo']);
  }
});

test('a checkpoint is shown as it stands', () => {
  const note = 'log.example/a\n12\nAAAA\n\n— log.example/a xxxx\n— witness yyyy\n';
  expect(shownCheckpoint(note)).toMatchObject({ size: 12, signers: ['log.example/a', 'witness'] });
  expect(shownCheckpoint('log.example/a\n-1\nAAAA\n')).toBeNull();
  expect(shownCheckpoint('')).toBeNull();
});

test('trust is kept and forgotten, and no stranger’s value is trust', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  } as unknown as Parameters<typeof storedTrust>[0];
  expect(storedTrust(storage)).toBe(NO_TRUST);
  const trust = { policy: { name: 'p.txt', text: 'quorum none\n' }, ledgerId: null };
  keepTrust(storage, trust);
  expect(storedTrust(storage)).toEqual(trust);
  for (const foreign of ['{', '[]', '{"policy":{"name":1,"text":""},"ledgerId":null}', '7']) {
    for (const name of kept.keys()) kept.set(name, foreign);
    expect(storedTrust(storage)).toBe(NO_TRUST);
  }
  keepTrust(storage, null);
  expect(kept.size).toBe(0);
});
