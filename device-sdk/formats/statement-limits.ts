// Labels and sizes of the statement profile: RFC 9052 §3.1, RFC 9597, RFC 9995 §3, SPEC.md §3.

/** COSE and CWT labels of the protected header, in the order deterministic CBOR puts them. */
export const HEADER = {
  alg: 1,
  crit: 2,
  contentType: 3,
  kid: 4,
  cwtClaims: 15,
  payloadHashAlg: 258,
  preimageContentType: 259,
  truegrain: -65601,
} as const;

/** COSE algorithm id of SHA-256 (RFC 9054 §2.1), the only preimage hash of a hash envelope here. */
export const HASH_SHA256 = -16;
export const STATEMENT_VERSION = 1;
/** tlog-tiles bundles carry an entry's length as uint16. */
export const ENTRY_BYTES_MAX = 65_535;
/** Inline payloads only for what the ledger folds (DESIGN §4). */
export const INLINE_BYTES_MAX = 48 * 1024;
export const KID_BYTES = 32;
