import { describe, expect, it } from 'vitest';
import { encodeCbor, parseCbor } from '../../../device-sdk/formats/cbor.ts';
import { encodeEvidence, parseEvidence } from '../../../device-sdk/formats/evidence.ts';
import { smallLedger } from '../../support/sample-ledger.ts';

const { ledger, leaves } = smallLedger();
const leaf = leaves[1]!;
const file = ledger.evidenceFile(leaf);

function fieldsOf(bytes: Uint8Array): Map<number, unknown> {
  const parsed = parseCbor(bytes);
  if (!parsed.ok) throw new Error(parsed.code);
  return parsed.value as Map<number, unknown>;
}

function changed(key: number, value: unknown): Uint8Array {
  const fields = fieldsOf(file);
  if (value === undefined) fields.delete(key);
  else fields.set(key, value);
  return encodeCbor(fields as never);
}

function codeOf(bytes: Uint8Array): string {
  const parsed = parseEvidence(bytes);
  return parsed.ok ? 'ok' : parsed.code;
}

describe('evidence file', () => {
  it('reads back what was written', () => {
    const parsed = parseEvidence(file);
    expect(parsed.ok && parsed.value).toEqual(ledger.evidence(leaf));
    expect(parsed.ok && encodeEvidence(parsed.value)).toEqual(file);
  });

  it('keeps the charter as the statement itself', () => {
    expect(codeOf(ledger.evidenceFile(0))).toBe('ok');
  });

  it.each([
    ['another version', 1, 2, 'version'],
    ['no checkpoint', 2, undefined, 'field_missing'],
    ['a checkpoint of bytes', 2, new Uint8Array(3), 'field_type'],
    ['a field nobody knows', 8, null, 'field_unknown'],
    ['a leaf of two', 3, [1, new Uint8Array(3)], 'field_value'],
    ['a path of short hashes', 3, [1, new Uint8Array(3), [new Uint8Array(31)]], 'evidence_leaf'],
    ['a negative leaf', 3, [-1, new Uint8Array(3), []], 'evidence_leaf'],
    ['content beyond a pack', 4, new Uint8Array(261_121), 'field_value'],
    ['no supporting leaves', 5, [], 'evidence_order'],
    ['an entry beyond 65,535 bytes', 5, [[0, new Uint8Array(65_536), []]], 'evidence_leaf'],
    ['a place that is no place', 6, [0, 0], 'evidence_leaf'],
    ['a place in no batch', 7, null, 'evidence_order'],
    ['a batch that is not there', 7, 999, 'evidence_order'],
  ])('refuses %s', (_, key, value, code) => {
    expect(codeOf(changed(key, value))).toBe(code);
  });

  it('refuses leaves out of order or twice', () => {
    const supporting = fieldsOf(file).get(5) as unknown[];
    expect(codeOf(changed(5, [...supporting].reverse()))).toBe('evidence_order');
    expect(codeOf(changed(5, [supporting[0], ...supporting]))).toBe('evidence_order');
    const own = fieldsOf(file).get(3);
    expect(codeOf(changed(5, [...supporting.slice(0, -1), own, supporting.at(-1)]))).toBe(
      'evidence_order',
    );
  });

  it('refuses what is too large before it reads it', () => {
    expect(codeOf(new Uint8Array(2_097_153))).toBe('evidence_too_large');
  });

  it('refuses other encodings of the same map', () => {
    expect(codeOf(Uint8Array.of(...file, 0))).toBe('cbor_trailing');
    expect(codeOf(file.subarray(0, -1))).toBe('cbor_truncated');
    expect(codeOf(new Uint8Array(0))).toBe('cbor_truncated');
    expect(() => encodeEvidence({ ...ledger.evidence(leaf), supporting: [] })).toThrow(TypeError);
  });
});
