// Truegrain's Signed Statement: RFC 9052 COSE_Sign1, RFC 9943 §6 headers, RFC 9995 hash envelope.
// SPEC.md §3 has the bytes; DESIGN §4 the reasons.

import { concat } from './bytes.ts';
import { type CborValue, encodeCbor } from './cbor.ts';
import { sigStructure } from './cose-sign1.ts';
import type { Result } from './result.ts';
import { sha256 } from './sha256.ts';
import type { Alg } from './signature.ts';
import type { Signer } from './signer.ts';
import { HASH_SHA256, HEADER, STATEMENT_VERSION } from './statement-limits.ts';
import { readStatement } from './statement-reader.ts';

/** 0 none · 1 floor · 2 rtc · 3 ntp · 4 gnss · 5 attested */
export type TimeQuality = 0 | 1 | 2 | 3 | 4 | 5;

/** What a device says about a content beside the content: fields 4 to 8 of the private map. */
export interface DeviceClaims {
  /** 16 random bytes, new at every boot. */
  bootId: Uint8Array;
  quality: TimeQuality;
  /** Error bound of the clock in ms; null where the device knows none. */
  errorMs: number | null;
  /** Number of records in the content. */
  count: number;
  /** First and last time in the content, integer ms since 1970; null under quality 0. */
  firstMs: number | null;
  lastMs: number | null;
}

export type Payload =
  | { kind: 'hash'; digest: Uint8Array; preimageType: string }
  | { kind: 'inline'; contentType: string; bytes: Uint8Array };

export interface StatementFields {
  alg: Alg;
  /** RFC 9679 thumbprint of the signing key, 32 bytes. */
  kid: Uint8Array;
  iss: string;
  sub: string;
  /** Integer seconds since 1970. */
  iat: number;
  payload: Payload;
  /** From 1, per key and ledger. */
  seq: number;
  /** Statement id of seq − 1; null at seq 1. */
  prev: Uint8Array | null;
  /** SHA-256 of leaf 0's entry; null only in leaf 0 itself. */
  ledgerId: Uint8Array | null;
  device: DeviceClaims | null;
}

export interface Statement extends StatementFields {
  protectedBytes: Uint8Array;
  payloadBytes: Uint8Array;
  signature: Uint8Array;
  /** The Sig_structure of RFC 9052 §4.4: what the signature covers. */
  toBeSigned: Uint8Array;
  /** SHA-256(Sig_structure): independent of the malleable signature bytes. */
  id: Uint8Array;
  /** The tag-18 bytes with an empty unprotected header: what the log stores (SPEC §3.4). */
  entry: Uint8Array;
}

export interface PreparedStatement {
  protectedBytes: Uint8Array;
  payloadBytes: Uint8Array;
  toBeSigned: Uint8Array;
  id: Uint8Array;
}

/** Builds the bytes to sign; throws TypeError where the fields contradict the profile (a bug). */
export function prepareStatement(fields: StatementFields): PreparedStatement {
  const protectedBytes = encodeCbor(protectedHeader(fields));
  const payloadBytes =
    fields.payload.kind === 'hash' ? fields.payload.digest : fields.payload.bytes;
  const toBeSigned = sigStructure(protectedBytes, payloadBytes);
  return { protectedBytes, payloadBytes, toBeSigned, id: sha256(toBeSigned) };
}

/** The tag-18 bytes with an empty unprotected header: both the wire form and the log entry. */
export function finishStatement(prepared: PreparedStatement, signature: Uint8Array): Uint8Array {
  return concat(
    Uint8Array.of(0xd2, 0x84),
    encodeCbor(prepared.protectedBytes),
    Uint8Array.of(0xa0),
    encodeCbor(prepared.payloadBytes),
    encodeCbor(signature),
  );
}

export function signStatement(
  fields: Omit<StatementFields, 'alg' | 'kid'>,
  signer: Signer,
): { bytes: Uint8Array; id: Uint8Array } {
  const prepared = prepareStatement({ ...fields, alg: signer.alg, kid: signer.kid });
  return { bytes: finishStatement(prepared, signer.sign(prepared.toBeSigned)), id: prepared.id };
}

/**
 * Parses a statement of this profile. The unprotected header may hold anything well-formed of at
 * most 1 KiB; it is dropped, never signed and never logged (RFC 9943 §6.3).
 * Checks form alone: not the signature, not the registry.
 */
export function parseStatement(bytes: Uint8Array): Result<Statement> {
  return readStatement(bytes);
}

function protectedHeader(fields: StatementFields): CborValue {
  const { payload } = fields;
  const header = new Map<number | string, CborValue>([[HEADER.alg, fields.alg]]);
  if (payload.kind === 'inline') header.set(HEADER.contentType, payload.contentType);
  header.set(HEADER.kid, fields.kid);
  header.set(
    HEADER.cwtClaims,
    new Map<number | string, CborValue>([
      [1, fields.iss],
      [2, fields.sub],
      [6, fields.iat],
    ]),
  );
  if (payload.kind === 'hash') {
    header.set(HEADER.payloadHashAlg, HASH_SHA256);
    header.set(HEADER.preimageContentType, payload.preimageType);
  }
  header.set(HEADER.truegrain, privateMap(fields));
  return header;
}

function privateMap(fields: StatementFields): CborValue {
  const map = new Map<number | string, CborValue>([
    [1, STATEMENT_VERSION],
    [2, fields.seq],
  ]);
  if (fields.prev) map.set(3, fields.prev);
  const claims = fields.device;
  if (claims) {
    map.set(4, claims.bootId);
    map.set(5, [claims.quality, claims.errorMs]);
    map.set(6, claims.count);
    if (claims.firstMs !== null) map.set(7, claims.firstMs);
    if (claims.lastMs !== null) map.set(8, claims.lastMs);
  }
  if (fields.ledgerId) map.set(9, fields.ledgerId);
  return map;
}
