// One pass over a statement of our profile: RFC 9052 §4.2, RFC 9995 §4, SPEC.md §3, positional.

import type { CborReader } from './cbor-reader.ts';
import { CborReader as Reader } from './cbor-reader.ts';
import { spliceEntry } from './cose-sign1.ts';
import type { FormatErrorCode } from './errors.ts';
import { fail, type Result } from './result.ts';
import { sha256 } from './sha256.ts';
import type { Alg } from './signature.ts';
import type {
  DeviceClaims,
  Payload,
  Statement,
  StatementFields,
  TimeQuality,
} from './statement.ts';
import {
  ENTRY_BYTES_MAX,
  HASH_SHA256,
  HEADER,
  INLINE_BYTES_MAX,
  KID_BYTES,
  STATEMENT_VERSION,
} from './statement-limits.ts';

const TEXT_LENGTH_MAX = 2048;
const EMPTY_MAP = 0xa0;

export function readStatement(bytes: Uint8Array): Result<Statement> {
  if (bytes.length > ENTRY_BYTES_MAX) return fail('statement_too_large', `${bytes.length} bytes`);
  const reader = new Reader(bytes);
  reader.tag(18);
  if (reader.array() !== 4) reader.fail('statement_structure');
  const protectedStart = reader.pos;
  const protectedBytes = reader.bytes();
  const protectedEnd = reader.pos;
  if (reader.failed === null && bytes[reader.pos] !== EMPTY_MAP) return readSpliced(bytes);
  reader.pos += 1;
  const payloadBytes = reader.bytes();
  const payloadEnd = reader.pos;
  const signature = reader.bytes();
  reader.finish();
  if (reader.failed !== null) return fail(reader.failed, `at byte ${reader.pos}`);
  if (signature.length !== 64) return fail('statement_signature', `${signature.length} bytes`);
  const header = readHeader(protectedBytes, payloadBytes);
  if (!header.ok) return header;
  const toBeSigned = sigStructureOf(
    bytes.subarray(protectedStart, protectedEnd),
    bytes.subarray(protectedEnd + 1, payloadEnd),
  );
  const { alg, kid, iss, sub, iat, payload, seq, prev, ledgerId, device } = header.value;
  const id = sha256(toBeSigned);
  // One literal: every statement has the same hidden class, and the hot path reads many.
  const value: Statement = {
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
    protectedBytes,
    payloadBytes,
    signature,
    toBeSigned,
    id,
    entry: bytes,
  };
  return { ok: true, value };
}

/** ["Signature1", protected, h'', payload], RFC 9052 §4.4, from the encoded strings as they stand. */
function sigStructureOf(protectedItem: Uint8Array, payloadItem: Uint8Array): Uint8Array {
  const head = SIGNATURE1.length;
  const bytes = allocate(head + protectedItem.length + 1 + payloadItem.length);
  bytes.set(SIGNATURE1);
  bytes.set(protectedItem, head);
  bytes[head + protectedItem.length] = EMPTY_BYTES;
  bytes.set(payloadItem, head + protectedItem.length + 1);
  return bytes;
}

/** Cut from a slab: an array of its own above 64 bytes lies off the heap and costs a microsecond. */
function allocate(length: number): Uint8Array {
  if (length > SLAB_BYTES / 8) return new Uint8Array(length);
  if (slabUsed + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += length;
  return slab.subarray(slabUsed - length, slabUsed);
}

const SLAB_BYTES = 16_384;
let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/** 84 6a "Signature1" */
const SIGNATURE1 = Uint8Array.of(
  0x84,
  0x6a,
  0x53,
  0x69,
  0x67,
  0x6e,
  0x61,
  0x74,
  0x75,
  0x72,
  0x65,
  0x31,
);
const EMPTY_BYTES = 0x40;

/** Something in the unprotected header: it is cut out and what remains is what counts. */
function readSpliced(bytes: Uint8Array): Result<Statement> {
  const entry = spliceEntry(bytes);
  return entry.ok ? readStatement(entry.value) : entry;
}

interface Header {
  alg: number;
  contentType: string | null;
  kid: Uint8Array | null;
  claims: { iss: string; sub: string; iat: number } | null;
  hashAlg: number | null;
  preimageType: string | null;
  own: OwnClaims | null;
}

function readHeader(bytes: Uint8Array, payload: Uint8Array): Result<StatementFields> {
  const reader = new Reader(bytes);
  const header: Header = {
    alg: 0,
    contentType: null,
    kid: null,
    claims: null,
    hashAlg: null,
    preimageType: null,
    own: null,
  };
  const entries = reader.map();
  let rank = -1;
  for (let i = 0; i < entries && reader.failed === null; i += 1) {
    const label = reader.int();
    const next = ORDER.indexOf(label);
    if (label === HEADER.crit) reader.fail('crit');
    else if (next < 0) reader.fail('statement_header');
    else if (next <= rank) reader.fail('cbor_not_deterministic');
    else readHeaderValue(reader, label, header);
    rank = next;
  }
  reader.finish();
  if (reader.failed !== null) return fail(reader.failed, `protected header, byte ${reader.pos}`);
  return assemble(header, payload);
}

/** Labels in the bytewise order of their encodings (RFC 8949 §4.2.1). */
const ORDER: readonly number[] = [1, 2, 3, 4, 15, 258, 259, -65601];

function readHeaderValue(reader: CborReader, label: number, header: Header): void {
  if (label === HEADER.alg) header.alg = reader.int();
  else if (label === HEADER.contentType) header.contentType = shortText(reader);
  else if (label === HEADER.kid) header.kid = sizedBytes(reader, KID_BYTES);
  else if (label === HEADER.cwtClaims) header.claims = readClaims(reader);
  else if (label === HEADER.payloadHashAlg) header.hashAlg = reader.int();
  else if (label === HEADER.preimageContentType) header.preimageType = shortText(reader);
  else header.own = readOwn(reader);
}

/** CWT claims iss 1, sub 2, iat 6 (RFC 8392 §3.1) and no others. */
function readClaims(reader: CborReader): Header['claims'] {
  const entries = reader.map();
  if (entries !== 3) reader.fail('statement_claims');
  if (reader.uint() !== 1) reader.fail('statement_claims');
  const iss = shortText(reader);
  if (reader.uint() !== 2) reader.fail('statement_claims');
  const sub = shortText(reader);
  if (reader.uint() !== 6) reader.fail('statement_claims');
  const iat = reader.uint();
  if (iss.length === 0 || sub.length === 0) reader.fail('statement_claims');
  return { iss, sub, iat };
}

interface OwnClaims {
  seq: number;
  prev: Uint8Array | null;
  ledgerId: Uint8Array | null;
  device: DeviceClaims | null;
}

/** The private map under −65601 (SPEC.md §3.2); keys ascend, so each is asked for in turn. */
function readOwn(reader: CborReader): OwnClaims {
  const map = new Countdown(reader);
  if (!map.takes(1) || reader.uint() !== STATEMENT_VERSION) reader.fail('statement_version');
  if (!map.takes(2)) reader.fail('statement_claims');
  const seq = reader.uint();
  if (seq < 1) reader.fail('statement_seq');
  const prev = map.takes(3) ? sizedBytes(reader, 32) : null;
  if ((seq === 1) !== (prev === null)) reader.fail('statement_prev');
  const device = map.takes(4) ? readDevice(reader, map) : null;
  const ledgerId = map.takes(9) ? sizedBytes(reader, 32) : null;
  if (map.left > 0) reader.fail('statement_claims');
  return { seq, prev, ledgerId, device };
}

function readDevice(reader: CborReader, map: Countdown): DeviceClaims {
  const bootId = sizedBytes(reader, 16);
  if (!map.takes(5) || reader.array() !== 2) reader.fail('statement_claims');
  const quality = reader.uint();
  if (quality > 5) reader.fail('statement_quality');
  const errorMs = reader.takeNull() ? null : reader.uint();
  if (!map.takes(6)) reader.fail('statement_claims');
  const count = reader.uint();
  const firstMs = map.takes(7) ? reader.uint() : null;
  const lastMs = map.takes(8) ? reader.uint() : null;
  // No trusted clock, no times: an unanchored time would look like one (DESIGN §4, field 7).
  if ((firstMs === null) !== (lastMs === null)) reader.fail('statement_claims');
  if (quality === 0 && firstMs !== null) reader.fail('statement_quality');
  return { bootId, quality: quality as TimeQuality, errorMs, count, firstMs, lastMs };
}

/** Entries of a map whose keys are small integers in ascending order, each optional. */
class Countdown {
  readonly #reader: CborReader;
  left: number;

  constructor(reader: CborReader) {
    this.#reader = reader;
    this.left = reader.map();
  }

  /** Consumes `key` if it is the next one. */
  takes(key: number): boolean {
    const reader = this.#reader;
    if (this.left === 0 || reader.failed !== null || reader.source[reader.pos] !== key)
      return false;
    reader.pos += 1;
    this.left -= 1;
    return true;
  }
}

function shortText(reader: CborReader): string {
  const text = reader.text();
  if (text.length > TEXT_LENGTH_MAX) reader.fail('statement_claims');
  return text;
}

function sizedBytes(reader: CborReader, length: number): Uint8Array {
  const bytes = reader.bytes();
  if (bytes.length !== length) reader.fail('statement_claims');
  return bytes;
}

function assemble(header: Header, bytes: Uint8Array): Result<StatementFields> {
  const { alg, kid, contentType, claims, own } = header;
  if (!isAlg(alg)) return fail('statement_alg', `alg ${alg}`);
  if (!kid || !claims || !own)
    return fail('statement_header', 'kid, claims or private map missing');
  const payload = payloadOf(header, bytes);
  // Devices state where and when (SPEC §3.2) about a content of their own, on one ledger; nobody else.
  if (own.device && (contentType !== null || !own.ledgerId)) {
    return fail('statement_claims', 'device claims without a hash envelope or a ledger id');
  }
  if (typeof payload === 'string') return fail(payload, 'payload and its headers disagree');
  const { iss, sub, iat } = claims;
  const { seq, prev, ledgerId, device } = own;
  return { ok: true, value: { alg, kid, iss, sub, iat, payload, seq, prev, ledgerId, device } };
}

function payloadOf(header: Header, bytes: Uint8Array): Payload | FormatErrorCode {
  const { contentType, hashAlg, preimageType } = header;
  if (contentType !== null) {
    // RFC 9995 §4: label 3 must not stand beside a hash envelope.
    if (hashAlg !== null || preimageType !== null) return 'statement_envelope';
    if (bytes.length > INLINE_BYTES_MAX) return 'statement_too_large';
    return { kind: 'inline', contentType, bytes };
  }
  if (hashAlg !== HASH_SHA256 || preimageType === null || bytes.length !== 32) {
    return 'statement_envelope';
  }
  return { kind: 'hash', digest: bytes, preimageType };
}

function isAlg(alg: number): alg is Alg {
  return alg === -7 || alg === -8 || alg === -9 || alg === -19;
}
