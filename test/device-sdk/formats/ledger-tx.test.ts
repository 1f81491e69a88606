import { encodeCbor, parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import {
  encodeLedgerTx,
  type LedgerTx,
  parseLedgerTx,
  TX_BYTES_MAX,
} from '@truegrain/device-sdk/formats/ledger-tx.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function codeOf(bytes: Uint8Array): string | null {
  const result = parseLedgerTx(bytes);
  return result.ok ? null : result.code;
}

const entry = Uint8Array.of(0xd2, 0x84, 0x40);

describe('a transaction', () => {
  test('is a batch with its statements, or one governance statement', () => {
    for (const tx of [
      { kind: 'batch', entries: [entry, Uint8Array.of(1)], batch: Uint8Array.of(2, 3) },
      { kind: 'batch', entries: [], batch: entry },
      { kind: 'governance', entry },
    ] satisfies LedgerTx[]) {
      expect(parseLedgerTx(encodeLedgerTx(tx))).toEqual({ ok: true, value: tx });
    }
    expect(encodeLedgerTx({ kind: 'governance', entry })).toEqual(encodeCbor([2, entry]));
  });

  test('gives entries without copying them', () => {
    const bytes = encodeLedgerTx({ kind: 'batch', entries: [entry], batch: entry });
    const parsed = parseLedgerTx(bytes);
    if (!parsed.ok || parsed.value.kind !== 'batch') throw new Error('no batch');
    expect(parsed.value.entries[0]?.buffer).toBe(bytes.buffer);
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'cbor_truncated'],
    ['no array', encodeCbor(entry), 'cbor_type'],
    ['another kind', encodeCbor([3, entry]), 'tx_malformed'],
    ['kind 0', encodeCbor([0, entry]), 'tx_malformed'],
    ['a batch without its statement', encodeCbor([1, [entry]]), 'cbor_truncated'],
    ['more elements', encodeCbor([2, entry, entry]), 'cbor_trailing'],
    ['an entry that is text', encodeCbor([2, 'entry']), 'cbor_type'],
    ['an empty entry', encodeCbor([2, new Uint8Array(0)]), 'tx_malformed'],
    ['an empty entry among others', encodeCbor([1, [new Uint8Array(0)], entry]), 'tx_malformed'],
    ['an entry too long', encodeCbor([2, new Uint8Array(65_536)]), 'tx_malformed'],
    ['too many entries', encodeCbor([1, new Array(1_025).fill(entry), entry]), 'tx_malformed'],
    ['too much', new Uint8Array(TX_BYTES_MAX + 1), 'tx_too_large'],
    ['something behind it', Uint8Array.of(...encodeCbor([2, entry]), 0), 'cbor_trailing'],
    ['a longer head than needed', Uint8Array.of(0x82, 2, 0x58, 1, 9), 'cbor_not_deterministic'],
    ['an indefinite array', Uint8Array.of(0x9f, 2, 0x41, 9, 0xff), 'cbor_indefinite'],
  ])('is not %s', (_, bytes, code) => expect(codeOf(bytes)).toBe(code));

  test('is refused where the array says another length than its kind has', () => {
    expect(codeOf(Uint8Array.of(0x83, 2, 0x41, 9))).toBe('tx_malformed');
    expect(codeOf(Uint8Array.of(0x82, 1, 0x80, 0x41, 9))).toBe('tx_malformed');
  });

  test('of 1,024 statements and the largest entry fit', () => {
    const largest = new Uint8Array(65_535).fill(1);
    const entries = new Array<Uint8Array>(1_023).fill(new Uint8Array(500)).concat(largest);
    expect(codeOf(encodeLedgerTx({ kind: 'batch', entries, batch: largest }))).toBe(null);
    expect(() => encodeLedgerTx({ kind: 'governance', entry: new Uint8Array(0) })).toThrow(
      TypeError,
    );
  });

  test('has one encoding: what is accepted is deterministic and says itself again', () => {
    const tx = encodeLedgerTx({ kind: 'batch', entries: [entry, entry], batch: entry });
    fc.assert(
      fc.property(fc.nat(tx.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(tx);
        changed[at] = byte;
        const parsed = parseLedgerTx(changed);
        if (!parsed.ok) return;
        expect(parseCbor(changed).ok).toBe(true);
        expect(encodeLedgerTx(parsed.value)).toEqual(changed);
      }),
      { numRuns: 2_000 },
    );
  });
});
