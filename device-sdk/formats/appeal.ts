// SPEC.md §10.5: a member's objection to an order; it stands beside the order and lifts nothing.

/** @module appeal */
import { encodePayload, openPayload } from './governance-payload.ts';
import type { Result } from './result.ts';

export interface Appeal {
  readonly logTimeMs: number;
  /** Statement id of the order. */
  readonly orderId: Uint8Array;
  readonly text: string;
  /** SHA-256 of a document that supports it; null for none. */
  readonly document: Uint8Array | null;
}

export function encodeAppeal({ logTimeMs, orderId, text, document }: Appeal): Uint8Array {
  return encodePayload(logTimeMs, [
    ['orderId', orderId],
    ['text', text],
    ['document', document],
  ]);
}

export function parseAppeal(bytes: Uint8Array): Result<Appeal> {
  const opened = openPayload(bytes, 'appeal');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  return fields.finish({
    logTimeMs,
    orderId: fields.digest('orderId'),
    text: fields.prose('text', { max: 4_096 }),
    document: fields.digestOrNull('document'),
  });
}
