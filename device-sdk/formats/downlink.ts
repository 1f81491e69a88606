// SPEC.md §6.2: what a gateway answers on the downlink topic.

import { type CborValue, encodeCbor } from './cbor.ts';
/** @module downlink */
import { CborReader } from './cbor-reader.ts';
import { isListable, isRefusalCode, type RefusalCode } from './refusal.ts';
import { fail, ok, type Result } from './result.ts';

/** The batch statement that lists a refusal, and the receipt of that batch statement. */
export interface BatchEvidence {
  readonly statement: Uint8Array;
  readonly receipt: Uint8Array;
}

export type Downlink =
  | { readonly kind: 'accepted'; readonly id: Uint8Array }
  | { readonly kind: 'receipt'; readonly id: Uint8Array; readonly receipt: Uint8Array }
  | {
      readonly kind: 'refused';
      readonly id: Uint8Array;
      readonly code: RefusalCode;
      /** Null releases nothing: the frame is parked (DESIGN §3). */
      readonly batch: BatchEvidence | null;
    };

export const DOWNLINK_BYTES_MAX = 131_072;

export function encodeDownlink(message: Downlink): Uint8Array {
  if (message.kind === 'accepted') return encodeCbor([1, message.id]);
  if (message.kind === 'receipt') return encodeCbor([2, message.id, message.receipt]);
  const { id, code, batch } = message;
  const evidence: CborValue = batch === null ? null : [batch.statement, batch.receipt];
  return encodeCbor([3, id, code, evidence]);
}

export function parseDownlink(bytes: Uint8Array): Result<Downlink> {
  if (bytes.length > DOWNLINK_BYTES_MAX) return fail('frame_too_large', `${bytes.length} bytes`);
  const reader = new CborReader(bytes);
  const length = reader.array();
  const kind = reader.uint();
  // 1, 2 and 3 have two, three and four elements: kind and length say the same thing.
  if (kind < 1 || kind > 3 || length !== kind + 1) reader.fail('cbor_type');
  const id = reader.bytes();
  if (id.length !== 32) reader.fail('field_value');
  const message = kind === 3 ? readRefusal(reader, id) : readAnswer(reader, kind, id);
  return reader.finish() ? ok(message) : reader.refusal('downlink');
}

function readAnswer(reader: CborReader, kind: number, id: Uint8Array): Downlink {
  return kind === 1 ? { kind: 'accepted', id } : { kind: 'receipt', id, receipt: reader.bytes() };
}

function readRefusal(reader: CborReader, id: Uint8Array): Downlink {
  const text = reader.text();
  const code: RefusalCode = isRefusalCode(text) ? text : 'malformed';
  if (!isRefusalCode(text)) reader.fail('refusal_code');
  if (reader.takeNull()) return { kind: 'refused', id, code, batch: null };
  // A batch lists nothing else, so evidence for another code proves nothing.
  if (!isListable(code)) reader.fail('refusal_code');
  if (reader.array() !== 2) reader.fail('cbor_type');
  const batch = { statement: reader.bytes(), receipt: reader.bytes() };
  return { kind: 'refused', id, code, batch };
}
