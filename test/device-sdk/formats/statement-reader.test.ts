import { concat, equal } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCbor, parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import {
  finishStatement,
  parseStatement,
  prepareStatement,
} from '@truegrain/device-sdk/formats/statement.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { samples } from '../../support/format-samples.ts';
import { assemble, codeOf, entry, fields } from '../../support/sample-statement.ts';

describe('unprotected header', () => {
  const contents: [string, Uint8Array][] = [
    ['a kid', encodeCbor(new Map([[4, new Uint8Array(3)]]))],
    ['a crit', encodeCbor(new Map([[2, [1]]]))],
    ['a receipt', encodeCbor(new Map([[394, [new Uint8Array(700)]]]))],
    ['an indefinite map', Uint8Array.of(0xbf, 0xff)],
    ['a long head', Uint8Array.of(0xb8, 0)],
    ['a float in its longest form', Uint8Array.of(0xa1, 1, 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)],
  ];
  test.each(contents)('%s is cut out: same id, same entry', (_name, unprotected) => {
    const bytes = assemble(prepareStatement(fields).protectedBytes, { unprotected });
    const parsed = parseStatement(bytes);
    if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.detail}`);
    expect(equal(parsed.value.entry, entry)).toBe(true);
    expect(parsed.value.id).toEqual(prepareStatement(fields).id);
  });

  test.each([
    ['an array', Uint8Array.of(0x80)],
    ['null', Uint8Array.of(0xf6)],
    ['a map that ends early', Uint8Array.of(0xa2, 1, 2)],
    ['a key twice', Uint8Array.of(0xa2, 1, 2, 1, 3)],
  ])('%s is refused', (_name, unprotected) => {
    expect(codeOf(assemble(prepareStatement(fields).protectedBytes, { unprotected }))).not.toBe(
      'ok',
    );
  });
});

describe('against the general reader', () => {
  /** Whatever the positional reader takes, the tree reader takes, and writes it the same again. */
  function expectAgreement(bytes: Uint8Array): void {
    const parsed = parseStatement(bytes);
    if (!parsed.ok) return;
    const { protectedBytes, entry: own } = parsed.value;
    const map = parseCbor(protectedBytes);
    if (!map.ok) throw new Error(`parseCbor: ${map.code}`);
    expect(equal(encodeCbor(map.value), protectedBytes)).toBe(true);
    expect(parseCbor(own).ok).toBe(true);
    const { alg, kid, iss, sub, iat, payload, seq, prev, ledgerId, device } = parsed.value;
    const again = prepareStatement({
      alg,
      kid,
      iss,
      sub,
      iat,
      payload,
      seq,
      prev,
      ledgerId,
      device,
    });
    expect(equal(finishStatement(again, parsed.value.signature), own)).toBe(true);
  }

  test('every byte changed to each of eight others', () => {
    for (const sample of [entry, samples.statement, samples.memberStatement]) {
      for (let at = 0; at < sample.length; at += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const bytes = sample.slice();
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          expectAgreement(bytes);
        }
      }
    }
  });

  test('bytes cut out, put in and random', () => {
    const change = fc.tuple(fc.nat(entry.length), fc.nat(4), fc.uint8Array({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let bytes: Uint8Array = entry;
        for (const [at, cut, put] of changes) {
          bytes = concat(bytes.subarray(0, at), put, bytes.subarray(at + cut));
        }
        expectAgreement(bytes);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        expectAgreement(concat(entry.subarray(0, 5), tail));
        expectAgreement(tail);
      }),
      { numRuns: 2_000 },
    );
  });

  test('every prefix is refused', () => {
    for (let end = 0; end < entry.length; end += 1) {
      expect(codeOf(entry.subarray(0, end))).not.toBe('ok');
    }
  });
});
