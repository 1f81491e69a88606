// What members send each other's `POST /contents`: deterministic CBOR both ways.
import { type CborValue, encodeCbor, parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';

/** Asked for by position; the digest keeps both sides from talking of two different leaves. */
export interface ContentAsk {
  readonly leafIndex: number;
  /** SHA-256 of the content, 32 bytes. */
  readonly digest: Uint8Array;
}

export type ContentAnswer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** The answer was full: ask again. */
  | { readonly kind: 'later' }
  | { readonly kind: 'unheld' }
  /** Not to be disclosed to who asks, by the ledger's state. */
  | { readonly kind: 'sealed' };

export interface ContentsAnswer {
  /** Leaves of the log by whose state the answerer decided. */
  readonly size: number;
  /** One for each asked, in that order. */
  readonly answers: readonly ContentAnswer[];
}

export const ASKS_MAX = 256;
/** 256 × (a leaf index of up to 9 bytes, a digest of 34, a head). */
export const ASK_BYTES_MAX = 16_384;
/** Of the contents of one answer; a longer content can't be had this way. */
export const CONTENTS_BYTES_MAX = 4 * 1_048_576;
/** An answer around that many bytes of contents. */
export const ANSWER_BYTES_MAX = CONTENTS_BYTES_MAX + ASK_BYTES_MAX;

const DIGEST_BYTES = 32;
const KINDS = { later: 1, unheld: 2, sealed: 3 } as const;

/** `[[leafIndex, digest]…]`. */
export function encodeAsks(asks: readonly ContentAsk[]): Uint8Array {
  return encodeCbor(asks.map(({ leafIndex, digest }) => [leafIndex, digest]));
}

export function parseAsks(bytes: Uint8Array): Result<ContentAsk[]> {
  const parsed = parseCbor(bytes, { bytesMax: ASK_BYTES_MAX });
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (!Array.isArray(value)) return fail('field_type', 'not an array');
  if (value.length === 0 || value.length > ASKS_MAX) {
    return fail('field_value', `${value.length} contents asked for, not 1 to ${ASKS_MAX}`);
  }
  const asks: ContentAsk[] = [];
  for (const item of value) {
    const [leafIndex, digest, ...rest] = Array.isArray(item) ? item : [];
    if (!isIndex(leafIndex) || !isDigest(digest) || rest.length > 0) {
      return fail('field_type', 'not a list of leaf index and digest');
    }
    asks.push({ leafIndex, digest });
  }
  return ok(asks);
}

/** `[size, [[leafIndex, bytes | 1 later | 2 unheld | 3 sealed]…]]`. */
export function encodeContents(
  asks: readonly ContentAsk[],
  { size, answers }: ContentsAnswer,
): Uint8Array {
  const rows = asks.map(({ leafIndex }, i): CborValue => {
    const answer = answers[i];
    if (answer === undefined) throw new TypeError('fewer answers than asked for');
    return [leafIndex, answer.kind === 'bytes' ? answer.bytes : KINDS[answer.kind]];
  });
  return encodeCbor([size, rows]);
}

/** Contents are views of the given bytes; nothing is known yet about what they hash to. */
export function parseContents(
  bytes: Uint8Array,
  asks: readonly ContentAsk[],
): Result<ContentsAnswer> {
  const parsed = parseCbor(bytes, { bytesMax: ANSWER_BYTES_MAX });
  if (!parsed.ok) return parsed;
  const [size, rows, ...rest] = Array.isArray(parsed.value) ? parsed.value : [];
  if (!isIndex(size) || !Array.isArray(rows) || rest.length > 0) {
    return fail('field_type', 'not a size and a list of contents');
  }
  if (rows.length !== asks.length) return fail('field_value', `${rows.length} contents answered`);
  const answers: ContentAnswer[] = [];
  for (const [i, row] of rows.entries()) {
    const [leafIndex, what, ...more] = Array.isArray(row) ? row : [];
    const answer = answerOf(what);
    if (leafIndex !== asks[i]?.leafIndex || answer === null || more.length > 0) {
      return fail('field_value', `item ${i} does not answer what was asked`);
    }
    answers.push(answer);
  }
  return ok({ size, answers });
}

function answerOf(value: CborValue | undefined): ContentAnswer | null {
  if (value instanceof Uint8Array) return { kind: 'bytes', bytes: value };
  if (value === KINDS.later) return { kind: 'later' };
  if (value === KINDS.unheld) return { kind: 'unheld' };
  return value === KINDS.sealed ? { kind: 'sealed' } : null;
}

const isIndex = (value: CborValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const isDigest = (value: CborValue | undefined): value is Uint8Array =>
  value instanceof Uint8Array && value.length === DIGEST_BYTES;
