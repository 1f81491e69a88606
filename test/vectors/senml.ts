import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  encodeSenmlCbor,
  isSenmlField,
  parseSenmlCbor,
  SENML_LABELS,
  type SenmlRecord,
} from '@truegrain/device-sdk/formats/senml.js';
import { encodeSenmlJson, parseSenmlJson } from '@truegrain/device-sdk/formats/senml-json.js';
import { resolveSenml } from '@truegrain/device-sdk/formats/senml-resolve.js';
import { expect } from 'vitest';
import { jsonOf, type VectorFile, type VectorParser } from './parser.ts';

/**
 * RFC 8428's own examples. The CBOR one comes in four shapes (bytes, hex dump, diagnostic notation,
 * resolved), which have to say the same; the CDDL files have to agree with our labels.
 */
export const senml: VectorParser = (file) => {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  if (name.endsWith('.resolved.json')) return resolved(file, name);
  if (name.endsWith('.json')) return json(file, name);
  if (name.endsWith('.cbor')) return cbor(file);
  if (name.endsWith('.hex')) return hex(file, name);
  if (name.endsWith('.diag')) return diag(file, name);
  if (name.endsWith('.cddl')) return cddl(file);
  throw new Error(`no parser for ${file.path}`);
};

function sibling(file: VectorFile, name: string): Uint8Array {
  const bytes = file.siblings.get(name);
  if (bytes === undefined) throw new Error(`${name} is missing beside ${file.path}`);
  return bytes;
}

function parsed(result: ReturnType<typeof parseSenmlCbor>): SenmlRecord[] {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
}

/** Example 5 and the like are fragments: refused is a verdict too, but it needs a code. */
function json(file: VectorFile, name: string): void {
  const result = parseSenmlJson(file.bytes);
  if (!result.ok) {
    expect(result.code).toMatch(/^senml_/);
    return;
  }
  const text = new TextEncoder().encode(encodeSenmlJson(result.value));
  expect(parsed(parseSenmlJson(text))).toEqual(result.value);
  expect(parsed(parseSenmlCbor(encodeSenmlCbor(result.value)))).toEqual(result.value);
  const resolvedOnce = resolveSenml(result.value, null);
  expect(resolvedOnce.ok, name).toBe(true);
}

function cbor(file: VectorFile): void {
  const records = parsed(parseSenmlCbor(file.bytes));
  expect(parsed(parseSenmlCbor(encodeSenmlCbor(records)))).toEqual(records);
}

/** The verdict of ex3.gen.cbor; §4.6 wants records in order of time, which the file is not. */
function resolved(file: VectorFile, name: string): void {
  const source = sibling(file, name.replace('.resolved.json', '.cbor'));
  const result = resolveSenml(parsed(parseSenmlCbor(source)), null);
  const expected = (jsonOf(file) as { t: number }[]).toSorted((a, b) => a.t - b.t);
  expect(result).toEqual({ ok: true, value: expected });
}

/** `0000 87 a7 … |..!x|`, then the length. */
function hex(file: VectorFile, name: string): void {
  const lines = new TextDecoder().decode(file.bytes).split('\n');
  const digits = lines.map((line) => /^[0-9a-f]{4} ([0-9a-f ]+) \|/.exec(line)?.[1] ?? '');
  expect(digits.join('').replaceAll(' ', '')).toBe(toHex(sibling(file, name.replace('.hex', ''))));
}

/** Diagnostic notation of plain maps is JSON but for its integer keys. */
function diag(file: VectorFile, name: string): void {
  const text = new TextDecoder().decode(file.bytes).replace(/(-?\d+):(?= )/g, '"$1":');
  const fields = new Map(Object.entries(SENML_LABELS).map(([field, label]) => [label, field]));
  const records = (JSON.parse(text) as Record<string, unknown>[]).map((record) =>
    Object.fromEntries(Object.entries(record).map(([key, v]) => [fields.get(Number(key)), v])),
  );
  expect(parsed(parseSenmlCbor(sibling(file, name.replace('.diag', ''))))).toEqual(records);
}

function cddl(file: VectorFile): void {
  const text = new TextDecoder().decode(file.bytes);
  for (const [, field = '', label] of text.matchAll(/\b(\w+) += +(-?\d+)/g)) {
    if (isSenmlField(field)) expect(SENML_LABELS[field]).toBe(Number(label));
  }
  // No JSON and no CBOR: the parsers say so and don't throw.
  expect(parseSenmlJson(file.bytes).ok).toBe(false);
  expect(parseSenmlCbor(file.bytes).ok).toBe(false);
}
