/** Why there is no answer; nothing is known then about what the peer did with the call. */
export type PeerFailureCode =
  /** Nobody there, or the connection was lost. */
  | 'unreachable'
  | 'timeout'
  /** Its certificate is not one of its CA or not for this host; or it refuses ours. */
  | 'tls'
  | 'too_large'
  /** What came back is not HTTP. */
  | 'malformed'
  /** By the caller's signal, or because this side is closing. */
  | 'aborted';

export interface PeerFailure {
  readonly ok: false;
  readonly code: PeerFailureCode;
  readonly detail: string;
}

export function failure(code: PeerFailureCode, detail: string): PeerFailure {
  return { ok: false, code, detail };
}

/** Codes that Node's TLS gives: its own, OpenSSL's alerts, and X.509 verification results. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO|CERT_|CRL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|INVALID_|PATH_LENGTH_|HOSTNAME_MISMATCH)/;

/** What a failed call of node:https means to the caller. */
export function failureOf(error: unknown): PeerFailure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const detail = `${code} ${message}`.trim().slice(0, DETAIL_CHARS_MAX);
  if (TLS_CODE.test(code)) return failure('tls', detail);
  if (code.startsWith('HPE_')) return failure('malformed', detail);
  return failure('unreachable', detail);
}

const DETAIL_CHARS_MAX = 300;
