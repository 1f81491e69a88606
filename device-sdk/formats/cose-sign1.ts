// COSE_Sign1, RFC 9052 §4.2 and §4.4, always with tag 18 (RFC 9943 §6).

/** @module cose-sign1 */
import { concat, equal, utf8 } from './bytes.ts';
import { type CborKey, type CborMap, encodeCbor, encodeHead, parseCbor, Tagged } from './cbor.ts';
import { parseForeignCbor, readForeignItem } from './cbor-foreign.ts';
import {
  type CborCursor,
  type CborLimits,
  openCursor,
  readArgument,
  refusalOf,
  refuse,
  takeBytes,
} from './cbor-head.ts';
import { type CoseKey, isAlg } from './cose-key.ts';
import { fail, ok, type Refused, type Result } from './result.ts';
import { type NativeVerify, verifySignature } from './signature.ts';
import type { Signer } from './signer.ts';

export interface CoseSign1 {
  /** As received: what is signed, never encoded again. */
  readonly protectedBytes: Uint8Array;
  readonly protectedHeader: CborMap;
  readonly unprotectedHeader: CborMap;
  /** Null where it is detached. */
  readonly payload: Uint8Array | null;
  readonly signature: Uint8Array;
}

export interface Sign1ParseOptions extends CborLimits {
  /** Made by others: any legal CBOR instead of core deterministic. */
  readonly foreign?: boolean;
  /** Labels the caller processes beyond alg, content type, kid and CWT claims: `crit` may name them. */
  readonly processed?: readonly CborKey[];
}

const ALG = 1;
const CRIT = 2;
const ALWAYS_PROCESSED: readonly CborKey[] = [1, 3, 4, 15];
const TAG_18_ARRAY_4 = Uint8Array.of(0xd2, 0x84);
const CONTEXT = concat(Uint8Array.of(0x84, 0x6a), utf8('Signature1'));
const EMPTY_MAP = 0xa0;
const NULL = 0xf6;
const EMPTY = new Uint8Array(0);

function byteString(bytes: Uint8Array): Uint8Array {
  return concat(encodeHead(2, bytes.length), bytes);
}

/**
 * RFC 9052 §4.4. An empty protected map sent as `41a0` is signed as the zero-length string (§3),
 * which is the one place where the bytes received are not the bytes signed.
 */
export function sigStructure(
  protectedBytes: Uint8Array,
  payload: Uint8Array,
  externalAad: Uint8Array = EMPTY,
): Uint8Array {
  const empty = protectedBytes.length === 1 && protectedBytes[0] === EMPTY_MAP;
  return concat(
    CONTEXT,
    byteString(empty ? EMPTY : protectedBytes),
    byteString(externalAad),
    byteString(payload),
  );
}

export function encodeSign1(parts: {
  readonly protectedBytes: Uint8Array;
  readonly unprotected?: CborMap;
  readonly payload: Uint8Array | null;
  readonly signature: Uint8Array;
}): Uint8Array {
  return concat(
    TAG_18_ARRAY_4,
    byteString(parts.protectedBytes),
    encodeCbor(parts.unprotected ?? new Map()),
    parts.payload === null ? Uint8Array.of(NULL) : byteString(parts.payload),
    byteString(parts.signature),
  );
}

/** alg and kid come from the signer; `detached` signs the payload and leaves it out. */
export function signSign1(options: {
  readonly protectedHeader: CborMap;
  readonly unprotected?: CborMap;
  readonly payload: Uint8Array;
  readonly detached?: boolean;
  readonly signer: Signer;
}): Uint8Array {
  const { signer, payload } = options;
  const header: CborMap = new Map(options.protectedHeader);
  header.set(ALG, signer.alg).set(4, signer.kid);
  const protectedBytes = encodeCbor(header);
  const signature = signer.sign(sigStructure(protectedBytes, payload));
  return encodeSign1({
    protectedBytes,
    unprotected: options.unprotected ?? new Map(),
    payload: options.detached === true ? null : payload,
    signature,
  });
}

function parseProtected(bytes: Uint8Array, options: Sign1ParseOptions): Result<CborMap> {
  if (bytes.length === 0) return ok(new Map());
  const parsed = options.foreign ? parseForeignCbor(bytes, options) : parseCbor(bytes, options);
  if (!parsed.ok) return parsed;
  if (!(parsed.value instanceof Map)) return fail('cose_header', 'protected header is not a map');
  if (parsed.value.size === 0 && !options.foreign) {
    return fail('cose_encoding', 'an empty protected header is the zero-length string');
  }
  return ok(parsed.value);
}

/** RFC 9052 §3.1: crit is protected, not empty, names labels that are there and that we process. */
function critFault(
  header: CborMap,
  unprotected: CborMap,
  processed: readonly CborKey[],
): Refused | null {
  if (unprotected.has(CRIT)) return fail('crit', 'crit in the unprotected header');
  const crit = header.get(CRIT);
  if (crit === undefined) return null;
  if (!Array.isArray(crit) || crit.length === 0) return fail('crit', 'crit is a non-empty array');
  for (const label of crit) {
    if (typeof label !== 'number' && typeof label !== 'string') {
      return fail('crit', 'crit names something that is no label');
    }
    if (!header.has(label)) return fail('crit', `crit names ${label}, which is absent`);
    if (!ALWAYS_PROCESSED.includes(label) && !processed.includes(label)) {
      return fail('crit', `crit names ${label}, which is not processed`);
    }
  }
  return null;
}

function headerFault(
  header: CborMap,
  unprotected: CborMap,
  options: Sign1ParseOptions,
): Refused | null {
  for (const label of unprotected.keys()) {
    if (header.has(label)) return fail('cose_header', `label ${label} in both headers`);
  }
  return critFault(header, unprotected, options.processed ?? []);
}

/** The form only; whether the signature holds is `verifySign1`'s to say. */
export function parseSign1(bytes: Uint8Array, options: Sign1ParseOptions = {}): Result<CoseSign1> {
  const parsed = options.foreign ? parseForeignCbor(bytes, options) : parseCbor(bytes, options);
  if (!parsed.ok) return parsed;
  const tagged = parsed.value;
  if (!(tagged instanceof Tagged) || tagged.tag !== 18) {
    return fail('cose_structure', 'tag 18 is missing');
  }
  if (!Array.isArray(tagged.value) || tagged.value.length !== 4) {
    return fail('cose_structure', 'not an array of four');
  }
  const [protectedBytes, unprotectedHeader, payload, signature] = tagged.value;
  if (!(protectedBytes instanceof Uint8Array && unprotectedHeader instanceof Map)) {
    return fail('cose_structure', 'headers are a byte string and a map');
  }
  if (!((payload === null || payload instanceof Uint8Array) && signature instanceof Uint8Array)) {
    return fail('cose_structure', 'payload and signature are byte strings');
  }
  const header = parseProtected(protectedBytes, options);
  if (!header.ok) return header;
  const protectedHeader = header.value;
  const fault = headerFault(protectedHeader, unprotectedHeader, options);
  if (fault) return fault;
  return ok({ protectedBytes, protectedHeader, unprotectedHeader, payload, signature });
}

/** alg is taken from the protected header and must fit the key; a detached payload is passed in. */
export function verifySign1(options: {
  readonly message: CoseSign1;
  readonly key: CoseKey;
  readonly payload?: Uint8Array;
  readonly externalAad?: Uint8Array;
  readonly native?: NativeVerify | undefined;
}): boolean {
  const { message, key, native } = options;
  const alg = message.protectedHeader.get(ALG);
  const payload = message.payload ?? options.payload;
  if (!isAlg(alg) || payload === undefined) return false;
  return verifySignature({
    alg,
    key,
    message: sigStructure(message.protectedBytes, payload, options.externalAad),
    signature: message.signature,
    native,
  });
}

/** Steps over a byte string with the shortest head. */
function skipByteString(cursor: CborCursor): boolean {
  const start = cursor.at;
  if (start >= cursor.bytes.length) return refuse(cursor, 'cbor_truncated', 'item missing');
  if ((cursor.bytes[start] ?? 0) >> 5 !== 2) {
    return refuse(cursor, 'cose_structure', 'not a byte string');
  }
  const length = readArgument(cursor);
  if (length === null) return false;
  if (length < 0 || cursor.at - start !== encodeHead(2, length).length) {
    return refuse(cursor, 'cose_encoding', 'not the shortest definite head');
  }
  return takeBytes(cursor, length) !== null;
}

/**
 * The entry: the tag-18 bytes with the unprotected header replaced by `a0` (RFC 9943 §6.3), spliced
 * so that every other byte is the one received. Heads must be the shortest definite ones, so that
 * splicing and re-encoding agree. Header contents are not looked at.
 */
export function spliceEntry(bytes: Uint8Array): Result<Uint8Array> {
  const opened = openCursor(bytes, {});
  if (!opened.ok) return opened;
  const cursor = opened.value;
  if (!equal(cursor.bytes.subarray(0, 2), TAG_18_ARRAY_4)) {
    return fail('cose_structure', 'not a tag-18 array of four');
  }
  cursor.at = 2;
  if (!skipByteString(cursor)) return refusalOf(cursor);
  const unprotectedAt = cursor.at;
  if ((bytes[unprotectedAt] ?? 0) >> 5 !== 5) {
    return fail('cose_structure', 'the unprotected header is not a map');
  }
  if (readForeignItem(cursor, 2) === undefined) return refusalOf(cursor);
  const payloadAt = cursor.at;
  if (bytes[payloadAt] === NULL) cursor.at += 1;
  else if (!skipByteString(cursor)) return refusalOf(cursor);
  if (!skipByteString(cursor)) return refusalOf(cursor);
  if (cursor.at !== bytes.length) return fail('cbor_trailing', `bytes after byte ${cursor.at}`);
  return ok(
    concat(bytes.subarray(0, unprotectedAt), Uint8Array.of(EMPTY_MAP), bytes.subarray(payloadAt)),
  );
}
