// RFC 9942 §4.2 and §5: the proofs of vds 1 (RFC9162_SHA256) in a receipt's unprotected header.

/** @module receipt-proofs */
import { type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import type { CoseSign1 } from './cose-sign1.ts';
import { HASH_BYTES } from './merkle.ts';
import { fail, ok, type Result } from './result.ts';

export const VDS = 395;
export const VDP = 396;
export const VDS_RFC9162_SHA256 = 1;
const VDP_INCLUSION = -1;
const VDP_CONSISTENCY = -2;

/** Each costs a signature check where the verifier can't say which one is its own. */
export const RECEIPT_PROOFS_MAX = 64;
/** A tree within 2^53 leaves is 53 levels high; a consistency path has one hash more. */
const PATH_HASHES_MAX = 54;

export interface InclusionProof {
  size: number;
  index: number;
  path: readonly Uint8Array[];
}

export interface ConsistencyProof {
  size1: number;
  size2: number;
  path: readonly Uint8Array[];
}

export interface ReceiptProofs {
  inclusion: readonly InclusionProof[];
  consistency: readonly ConsistencyProof[];
}

/** The unprotected header of a receipt. */
export function proofsHeader({ inclusion, consistency }: ReceiptProofs): CborMap {
  const count = inclusion.length + consistency.length;
  if (count === 0 || count > RECEIPT_PROOFS_MAX) {
    throw new RangeError(`a receipt with ${count} proofs`);
  }
  const proofs: CborMap = new Map();
  if (inclusion.length > 0) {
    const items = inclusion.map(({ size, index, path }) => encodeCbor([size, index, [...path]]));
    proofs.set(VDP_INCLUSION, items);
  }
  if (consistency.length > 0) {
    const items = consistency.map(({ size1, size2, path }) =>
      encodeCbor([size1, size2, [...path]]),
    );
    proofs.set(VDP_CONSISTENCY, items);
  }
  return new Map([[VDP, proofs]]);
}

type ItemParser = (bytes: Uint8Array) => Result<CborValue>;

/** vds is read from the protected header alone; the proofs depend on it. */
export function proofsOf(
  { protectedHeader, unprotectedHeader }: CoseSign1,
  parse: ItemParser,
): Result<ReceiptProofs> {
  const vds = protectedHeader.get(VDS);
  if (vds !== VDS_RFC9162_SHA256) return fail('receipt_vds', `vds ${String(vds)}`);
  const vdp = unprotectedHeader.get(VDP);
  if (!(vdp instanceof Map)) return fail('receipt_proof', 'no proofs under label 396');
  const inclusion = proofList(vdp.get(VDP_INCLUSION), parse);
  if (!inclusion.ok) return inclusion;
  const consistency = proofList(vdp.get(VDP_CONSISTENCY), parse);
  if (!consistency.ok) return consistency;
  if (inclusion.value.length + consistency.value.length === 0) {
    return fail('receipt_proof', 'neither inclusion nor consistency');
  }
  return ok({
    inclusion: inclusion.value.map(({ first, second, path }) => {
      return { size: first, index: second, path };
    }),
    consistency: consistency.value.map(({ first, second, path }) => {
      return { size1: first, size2: second, path };
    }),
  });
}

interface RawProof {
  first: number;
  second: number;
  path: Uint8Array[];
}

/** Both kinds are an array of byte strings, each the CBOR of [uint, uint, [bstr…]]. */
function proofList(value: CborValue | undefined, parse: ItemParser): Result<RawProof[]> {
  if (value === undefined) return ok([]);
  if (!Array.isArray(value) || value.length === 0 || value.length > RECEIPT_PROOFS_MAX) {
    return fail('receipt_proof', `not an array of 1 to ${RECEIPT_PROOFS_MAX} proofs`);
  }
  const proofs: RawProof[] = [];
  for (const bytes of value) {
    if (!(bytes instanceof Uint8Array)) return fail('receipt_proof', 'not a byte string');
    const item = parse(bytes);
    if (!item.ok) return item;
    const proof = rawProof(item.value);
    if (proof === null) return fail('receipt_proof', 'not two sizes and a path of hashes');
    proofs.push(proof);
  }
  return ok(proofs);
}

function rawProof(value: CborValue): RawProof | null {
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [first, second, path] = value;
  if (!isUint(first) || !isUint(second) || !Array.isArray(path)) return null;
  return path.length <= PATH_HASHES_MAX && path.every(isHash) ? { first, second, path } : null;
}

function isUint(value: CborValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: CborValue): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}
