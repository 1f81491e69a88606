import { fromBase64Url, toBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';

/** Where a result goes on. */
export interface PagePosition {
  readonly order: string;
  /** Place of the last row in that order. */
  readonly at: readonly (number | string)[];
  /** Rows of all pages before. */
  readonly given: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const DIGEST_BYTES = 12;
const TOKEN_CHARACTERS_MAX = 4_096;

/** Opaque to its user; it belongs to `asked`, which is what JSON makes of a query. */
export function writePageToken(position: PagePosition, asked: unknown): string {
  const { order, at, given } = position;
  return toBase64Url(encoder.encode(JSON.stringify([digestOf(asked), order, given, at])));
}

/** Null: no token, or one of another query. */
export function readPageToken(token: string, asked: unknown): PagePosition | null {
  if (token.length > TOKEN_CHARACTERS_MAX) return null;
  const bytes = fromBase64Url(token);
  const read = bytes && parsed(decoder.decode(bytes));
  if (!Array.isArray(read) || read.length !== 4) return null;
  const [digest, order, given, at] = read as unknown[];
  if (digest !== digestOf(asked) || typeof order !== 'string' || !Array.isArray(at)) return null;
  if (typeof given !== 'number' || !Number.isSafeInteger(given) || given < 0) return null;
  const isPlace = at.every((one) => typeof one === 'number' || typeof one === 'string');
  return isPlace ? { order, at: at as (number | string)[], given } : null;
}

function digestOf(asked: unknown): string {
  return toBase64Url(sha256(encoder.encode(JSON.stringify(asked))).subarray(0, DIGEST_BYTES));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
