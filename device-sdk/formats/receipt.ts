// RFC 9942 COSE Receipts with vds 1 (RFC9162_SHA256): inclusion and consistency, payload detached.
/**
 * The log signs a Merkle root together with `iss` and `sub` (RFC 9943 §6 asks for both) and never
 * a leaf: one signature serves every statement whose root and sub are equal, and the proofs are
 * attached to it afterwards. Hence two steps, `prepareReceipt` once per root and sub, and
 * `finishReceipt` for each receipt.
 *
 * **What a receipt does not bind.** Proofs stand in the unprotected header. Tree size and leaf
 * index are not under the signature: a receipt for size 8, index 0 verifies as well with size 5,
 * 6 or 7, and a consistency receipt 3→7 as 3→5. The leaf is in the tree with this root, and that
 * is all. Who needs the size or the position compares the root with a checkpoint of that size.
 *
 * RFC 9942's CDDL asks for one hash or more in a path. The tree of one leaf has the empty path;
 * it is written and read as such.
 *
 * @module receipt
 */
import { equal } from './bytes.ts';
import { type CborKey, type CborMap, encodeCbor, parseCbor } from './cbor.ts';
import { parseForeignCbor } from './cbor-foreign.ts';
import { type Alg, type CoseKey, isAlg, keyThumbprint } from './cose-key.ts';
import {
  type CoseSign1,
  encodeSign1,
  parseSign1,
  sigStructure,
  verifySign1,
} from './cose-sign1.ts';
import { CWT_CLAIMS, cwtClaimsMap, parseCwtClaims } from './cwt-claims.ts';
import { consistencyRoot, HASH_BYTES, inclusionRoot, leafHash } from './merkle.ts';
import {
  type ConsistencyProof,
  type InclusionProof,
  proofsHeader,
  proofsOf,
  type ReceiptProofs,
  VDP,
  VDS,
  VDS_RFC9162_SHA256,
} from './receipt-proofs.ts';
import { fail, ok, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
import type { Signer } from './signer.ts';

const ALG = 1;
const KID = 4;
const OUR_LABELS: readonly CborKey[] = [ALG, KID, CWT_CLAIMS, VDS];
const KID_BYTES = 32;

/** 64 proofs of 53 hashes are 116 KiB. */
export const RECEIPT_BYTES_MAX = 131_072;
/** A receipt of any log with vds 1, as far as RFC 9942 fixes it. */
export interface ForeignReceipt extends ReceiptProofs {
  kid: Uint8Array | null;
  iss: string | null;
  sub: string | null;
  /** Seconds since 1970. */
  iat: number | null;
  message: CoseSign1;
}

/** A receipt of a Truegrain log: one kind of proof, all claims there, deterministic CBOR. */
export interface Receipt extends ForeignReceipt {
  alg: Alg;
  kid: Uint8Array;
  iss: string;
  sub: string;
}

export interface ReceiptFields {
  alg: Alg;
  /** RFC 9679 thumbprint of the log key. */
  kid: Uint8Array;
  /** `https://` and the log's origin. */
  iss: string;
  /** The registered statement's subject. */
  sub: string;
  iat?: number | null;
  /** The root of the tree; for consistency that of the newer one. */
  root: Uint8Array;
}

export interface PreparedReceipt {
  protectedBytes: Uint8Array;
  toBeSigned: Uint8Array;
}

export function prepareReceipt(fields: ReceiptFields): PreparedReceipt {
  const { alg, kid, iss, sub, root } = fields;
  if (kid.length !== KID_BYTES || root.length !== HASH_BYTES || iss === '' || sub === '') {
    throw new TypeError('a receipt needs a thumbprint, a root, iss and sub');
  }
  const header: CborMap = new Map();
  header.set(ALG, alg).set(KID, kid);
  header.set(CWT_CLAIMS, cwtClaimsMap({ iss, sub, iat: fields.iat ?? null }));
  header.set(VDS, VDS_RFC9162_SHA256);
  const protectedBytes = encodeCbor(header);
  return { protectedBytes, toBeSigned: sigStructure(protectedBytes, root) };
}

/** The receipt of one or more leaves of the tree whose root was signed. */
export function finishReceipt(
  prepared: PreparedReceipt,
  signature: Uint8Array,
  inclusion: readonly InclusionProof[],
): Uint8Array {
  return finish(prepared, signature, { inclusion, consistency: [] });
}

/** The receipt of one or more older trees which the tree whose root was signed extends. */
export function finishConsistencyReceipt(
  prepared: PreparedReceipt,
  signature: Uint8Array,
  consistency: readonly ConsistencyProof[],
): Uint8Array {
  return finish(prepared, signature, { inclusion: [], consistency });
}

function finish(
  { protectedBytes }: PreparedReceipt,
  signature: Uint8Array,
  proofs: ReceiptProofs,
): Uint8Array {
  const unprotected = proofsHeader(proofs);
  return encodeSign1({ protectedBytes, unprotected, payload: null, signature });
}

/** Both steps with a signer at hand. */
export function signReceipt(options: {
  signer: Signer;
  fields: Omit<ReceiptFields, 'alg' | 'kid'>;
  proofs: readonly InclusionProof[];
}): Uint8Array {
  const { signer, fields, proofs } = options;
  const prepared = prepareReceipt({ ...fields, alg: signer.alg, kid: signer.kid });
  return finishReceipt(prepared, signer.sign(prepared.toBeSigned), proofs);
}

/** A receipt of a Truegrain log; whether it holds is `verifyReceipt`'s to say. */
export function parseReceipt(bytes: Uint8Array): Result<Receipt> {
  const parsed = parseSign1(bytes, { bytesMax: RECEIPT_BYTES_MAX, processed: [VDS] });
  if (!parsed.ok) return parsed;
  const message = parsed.value;
  const { protectedHeader, unprotectedHeader } = message;
  for (const label of protectedHeader.keys()) {
    if (!OUR_LABELS.includes(label)) return fail('receipt_header', `label ${label}`);
  }
  const alg = protectedHeader.get(ALG);
  const kid = protectedHeader.get(KID);
  if (!isAlg(alg)) return fail('receipt_header', 'alg');
  if (!(kid instanceof Uint8Array) || kid.length !== KID_BYTES) {
    return fail('receipt_header', 'kid is not a thumbprint');
  }
  const claims = parseCwtClaims(protectedHeader);
  if (!claims.ok) return claims;
  const { iss, sub, iat, nbf, exp } = claims.value;
  if (sub === '' || nbf !== null || exp !== null) return fail('receipt_header', 'sub, nbf or exp');
  if (message.payload !== null) return fail('receipt_header', 'payload is not detached');
  const vdp = unprotectedHeader.get(VDP);
  if (unprotectedHeader.size !== 1 || !(vdp instanceof Map) || vdp.size !== 1) {
    return fail('receipt_proof', 'unprotected header is not one kind of proof');
  }
  const proofs = proofsOf(message, parseCbor);
  return proofs.ok ? ok({ alg, kid, iss, sub, iat, ...proofs.value, message }) : proofs;
}

/**
 * Anybody's receipt with vds 1: any legal CBOR, kid, iss and sub or not (RFC 9943 wants them, the
 * working group's own examples lack sub), other labels beside ours.
 */
export function parseForeignReceipt(bytes: Uint8Array): Result<ForeignReceipt> {
  const limits = { bytesMax: RECEIPT_BYTES_MAX, processed: [VDS, VDP] };
  const parsed = parseSign1(bytes, { ...limits, foreign: true });
  if (!parsed.ok) return parsed;
  const message = parsed.value;
  const header = message.protectedHeader;
  const claims = header.has(CWT_CLAIMS) ? parseCwtClaims(header, { foreign: true }) : null;
  if (claims?.ok === false) return claims;
  const { iss, sub, iat } = claims?.value ?? { iss: null, sub: null, iat: null };
  if (message.payload !== null && message.payload.length !== HASH_BYTES) {
    return fail('receipt_header', 'payload is neither detached nor a root');
  }
  const proofs = proofsOf(message, parseForeignCbor);
  if (!proofs.ok) return proofs;
  const kid = header.get(KID);
  return ok({
    kid: kid instanceof Uint8Array ? kid : null,
    iss,
    sub: sub === '' ? null : sub,
    iat,
    ...proofs.value,
    message,
  });
}

export type ReceiptLeaf = { leafHash: Uint8Array } | { entry: Uint8Array };

export interface InclusionVerdict {
  /** What the log signed. */
  root: Uint8Array;
  /** As the proof states them: neither is under the signature. */
  size: number;
  index: number;
}

/**
 * RFC 9942 §5.2.1: the root computed from the leaf is the payload, and the log's signature over it
 * must hold. Of several proofs the first that leads to the signed root is the leaf's own. That
 * `iss` is the log meant and `sub` the statement's is for the caller to compare.
 *
 * The caller picks the key by kid among all log keys the ledger ever had: what a key signed before it
 * was retired stays good. A receipt says neither size nor time, so a retired key could sign one
 * today; who must rule that out compares the root with a checkpoint of a size it vouches for.
 */
export function verifyReceipt(
  claim: ReceiptLeaf & {
    receipt: Receipt | Uint8Array;
    key: CoseKey;
    native?: NativeVerify | undefined;
  },
): Result<InclusionVerdict & { iss: string; sub: string; iat: number | null }> {
  const parsed = asReceipt(claim.receipt);
  if (!parsed.ok) return parsed;
  const receipt = parsed.value;
  if (!equal(receipt.kid, keyThumbprint(claim.key)))
    return fail('receipt_key', 'kid of another key');
  const verdict = verifyInclusion(receipt, claim);
  const { iss, sub, iat } = receipt;
  return verdict.ok ? ok({ ...verdict.value, iss, sub, iat }) : verdict;
}

/** The same for anybody's receipt; which key and which entry rule is the caller's knowledge. */
export function verifyForeignReceipt(
  claim: ReceiptLeaf & {
    receipt: ForeignReceipt;
    key: CoseKey;
    native?: NativeVerify | undefined;
  },
): Result<InclusionVerdict> {
  return verifyInclusion(claim.receipt, claim);
}

/**
 * RFC 9942 §5.3.1: from a root already trusted to the newer one that the log signed, which is
 * returned. `size1` is the trusted tree's, from its checkpoint; `size2` is what the proof states.
 */
export function verifyConsistencyReceipt(claim: {
  receipt: Receipt | Uint8Array;
  size1: number;
  root1: Uint8Array;
  key: CoseKey;
  native?: NativeVerify | undefined;
}): Result<{ root: Uint8Array; size2: number; iss: string; sub: string }> {
  const parsed = asReceipt(claim.receipt);
  if (!parsed.ok) return parsed;
  const { kid, iss, sub, consistency, message } = parsed.value;
  const { size1, root1, key, native } = claim;
  if (!equal(kid, keyThumbprint(key))) return fail('receipt_key', 'kid of another key');
  let led = false;
  for (const { size2, path } of consistency.filter((proof) => proof.size1 === size1)) {
    const root = consistencyRoot({ size1, size2, root1, path });
    if (root === null) continue;
    led = true;
    if (verifySign1({ message, key, payload: root, native })) return ok({ root, size2, iss, sub });
  }
  if (led) return fail('receipt_signature', 'no proof leads to a root the log signed');
  return fail('receipt_path', 'no proof starts from the trusted tree');
}

function asReceipt(receipt: Receipt | Uint8Array): Result<Receipt> {
  return receipt instanceof Uint8Array ? parseReceipt(receipt) : ok(receipt);
}

function verifyInclusion(
  { inclusion, message }: ForeignReceipt,
  claim: ReceiptLeaf & { key: CoseKey; native?: NativeVerify | undefined },
): Result<InclusionVerdict> {
  const leaf = 'leafHash' in claim ? claim.leafHash : leafHash(claim.entry);
  const { key, native } = claim;
  let led = false;
  for (const { size, index, path } of inclusion) {
    const root = inclusionRoot({ size, index, path, leafHash: leaf });
    if (root === null) continue;
    led = true;
    // An attached payload (foreign logs) is signed in place of the root and must be the root.
    if (message.payload !== null && !equal(message.payload, root)) continue;
    if (verifySign1({ message, key, payload: root, native })) return ok({ root, size, index });
  }
  if (led) return fail('receipt_signature', 'no proof leads to a root the log signed');
  return fail('receipt_path', 'no proof has the shape of its size and index');
}
