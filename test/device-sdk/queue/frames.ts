import { createHash } from 'node:crypto';
import type { NewEntry } from '../../../device-sdk/queue/queue-types.ts';

export const sha256 = (...parts: (Uint8Array | string)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

export const idOf = (seq: number, salt = '') => sha256(`frame ${seq} ${salt}`);

/** A frame whose content can be told from its seq. */
export function frameOf(seq: number, bytes = 120): Uint8Array {
  const frame = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) frame[i] = (seq * 31 + i * 7) & 0xff;
  return frame;
}

export function packOf(seq: number, bytes = 120): NewEntry {
  const times = { minMs: seq * 1000, maxMs: seq * 1000 + 999 };
  return { id: idOf(seq), seq, kind: 'pack', frame: frameOf(seq, bytes), ...times };
}
