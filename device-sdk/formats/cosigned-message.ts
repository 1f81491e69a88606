// C2SP tlog-cosignature v1.1: what an Ed25519 cosigner signs, and `timestamped_signature`.

/** @module cosigned-message */
import { concat, utf8 } from './bytes.ts';

/** "It MUST NOT exceed 2^63 − 1." */
export const COSIGNATURE_TIME_MAX = 2n ** 63n - 1n;
const TIME_BYTES = 8;
const ED25519_SIGNATURE_BYTES = 64;

export interface TimestampedSignature {
  /** POSIX seconds; a u64 on the wire and hence a bigint. */
  timeSeconds: bigint;
  signature: Uint8Array;
}

/** Header line, timestamp line and the whole note body; neither signatures nor the blank line. */
export function cosignedMessage(body: string, timeSeconds: bigint): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeSeconds}\n${body}`);
}

export function encodeTimestamped({ timeSeconds, signature }: TimestampedSignature): Uint8Array {
  if (timeSeconds < 0n || timeSeconds > COSIGNATURE_TIME_MAX) {
    throw new RangeError(`no cosignature time: ${timeSeconds}`);
  }
  const time = new Uint8Array(TIME_BYTES);
  new DataView(time.buffer).setBigUint64(0, timeSeconds);
  return concat(time, signature);
}

/** Null for a length other than 72 bytes and for a time past 2^63 − 1. */
export function parseTimestamped(bytes: Uint8Array): TimestampedSignature | null {
  if (bytes.length !== TIME_BYTES + ED25519_SIGNATURE_BYTES) return null;
  const timeSeconds = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (timeSeconds > COSIGNATURE_TIME_MAX) return null;
  return { timeSeconds, signature: bytes.subarray(TIME_BYTES) };
}
