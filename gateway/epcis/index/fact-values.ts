// One spelling per value, so that the index compares texts and numbers and nothing else.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { type VocabularyList, vocabularyUri } from '../gs1/cbv-vocabulary.ts';
import { canonicalUri } from '../gs1/epc-translation.ts';
import { expandCurie, type Namespaces } from '../gs1/namespaces.ts';
import { toBase } from '../gs1/rec20.ts';

/** Longer texts are found by their digest: the index stays small whatever a field holds. */
const TEXT_CHARACTERS_MAX = 512;
/** A conversion leaves noise behind it: 0.1 CEL is 273.25 KEL and not 273.25000000000006. */
const SIGNIFICANT_DIGITS = 12;
const encoder = new TextEncoder();

/** A URI or any other text: two forms of one EPC are equal. */
export function textValue(text: string): string {
  const canonical = canonicalUri(text);
  if (canonical.length <= TEXT_CHARACTERS_MAX) return canonical;
  return `sha-256;${toHex(sha256(encoder.encode(canonical)))}`;
}

/** A word of a CBV list, or a URI or `prefix:name` of somebody else's. */
export function wordValue(list: VocabularyList, value: string, namespaces: Namespaces): string {
  const uri = vocabularyUri(list, value);
  return uri === value ? textValue(expandCurie(value, namespaces)) : uri;
}

/** xsd:hexBinary has two cases for one value. */
export function hexValue(text: string): string {
  return textValue(text.toUpperCase());
}

export interface BaseValue {
  readonly value: number;
  readonly unit: string;
}

/** In the base unit of its dimension; null: a unit that Rec 20 does not have. */
export function measureValue(attribute: string, value: number, uom: string): BaseValue | null {
  const base = toBase(value, uom);
  if (base === null) return null;
  // A deviation is a difference: a degree Celsius is one kelvin and not 274.15 of them.
  const offset = attribute === 'sDev' ? (toBase(0, uom)?.value ?? 0) : 0;
  return { value: rounded(base.value - offset), unit: base.unit };
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}
