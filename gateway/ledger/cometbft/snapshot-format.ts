import { concat } from '@truegrain/device-sdk/formats/bytes.js';
import { HASH_BYTES, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';

/**
 * A snapshot is the log's entries and nothing else: every table is a fold over them. Chunk i holds
 * the leaves of one complete subtree, (uint16 length ‖ entry)*, so the app hash that the engine's
 * light client verified vouches for the list of subtree roots, and each root for its chunk: a wrong
 * chunk is known when it arrives, and so is who sent it.
 */

/** `format` of ABCI is log2 of the leaves in a chunk: 4,096 statements are 1.5 MiB. */
export const SNAPSHOT_FORMAT = 12;
export const CHUNK_LEAVES = 1 << SNAPSHOT_FORMAT;

export interface SnapshotIndex {
  /** Leaves in the log. */
  size: number;
  /** RFC 9162 root over each chunk's leaves, in order. */
  roots: readonly Uint8Array[];
}

/** uint64 size ‖ 32-byte roots. */
export function encodeSnapshotIndex({ size, roots }: SnapshotIndex): Uint8Array {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, BigInt(size));
  return concat(head, ...roots);
}

/** Refused unless its root is `appHash`. */
export function parseSnapshotIndex(
  bytes: Uint8Array,
  appHash: Uint8Array,
): Result<SnapshotIndex, 'malformed' | 'root'> {
  if (bytes.length < 8 + HASH_BYTES) return fail('malformed', `${bytes.length} bytes`);
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0));
  const count = (bytes.length - 8) / HASH_BYTES;
  if (!Number.isSafeInteger(size) || count !== Math.ceil(size / CHUNK_LEAVES)) {
    return fail('malformed', `${count} roots for ${size} leaves`);
  }
  const roots = Array.from({ length: count }, (_, i) =>
    bytes.slice(8 + i * HASH_BYTES, 8 + (i + 1) * HASH_BYTES),
  );
  // Chunks are aligned to a power of two, so the tree over them is the top of the log's own.
  const root = rootOf(roots);
  const same = root.every((byte, i) => byte === appHash[i]) && appHash.length === HASH_BYTES;
  return same ? ok({ size, roots }) : fail('root', 'the roots do not lead to the app hash');
}

export function encodeChunk(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** Null where lengths and bytes don't fit, or there are more than a chunk has. */
export function parseChunk(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 2 > bytes.length || entries.length === CHUNK_LEAVES) return null;
    const end = at + 2 + view.getUint16(at);
    if (end > bytes.length) return null;
    entries.push(bytes.slice(at + 2, end));
    at = end;
  }
  return entries;
}

export function chunkRange(index: number, size: number): { start: number; end: number } {
  const start = index * CHUNK_LEAVES;
  return { start, end: Math.min(size, start + CHUNK_LEAVES) };
}
