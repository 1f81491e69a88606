import { dirname } from 'node:path';
import { fail, ok } from '../formats/result.ts';
import { crc32c } from './crc32c.ts';
import { type Disk, DiskFailure, type DiskFile } from './disk.ts';
import type { QueueResult } from './queue-error.ts';

/** Numbers reserved per flush: a restart skips at most so many, and a boot record says which (Q1, Q2). */
const RESERVE_AHEAD = 64;
/** A sector each, so that no write touches both. */
const SLOT_BYTES = 512;
const FILE_BYTES = 2 * SLOT_BYTES;
const MAGIC = 0x51534754; // 'TGSQ'
const DATA_BYTES = 24;

/** magic u32 · 0 u32 · generation u64 · mark u64 · crc32c u32. Generation g lies in slot g mod 2. */
interface Slot {
  readonly generation: bigint;
  /** The first number that is not reserved: everything below may have been used. */
  readonly mark: number;
}

export interface SequenceStart {
  /** Seq of the last statement found in the queue; 0 where there is none. */
  readonly prevSeqDurable: number;
  readonly firstSeq: number;
  /** Null where firstSeq follows prevSeqDurable. */
  readonly gapReason: 'reserved_not_used' | 'tip_lost' | null;
  /** Statement id of `prevSeqDurable`, the `prev` of the next statement; null where unknown. */
  readonly previousId: Uint8Array | null;
}

export interface SequenceOptions {
  readonly disk: Disk;
  /** One file a key. */
  readonly path: string;
  /** `queue.tip(key)`. */
  readonly tip: { readonly seq: number; readonly id: Uint8Array } | null;
  readonly reserveAhead?: number;
}

/** Sequence numbers of one key: u64, from 1, none ever twice, also not after a power cut. */
export class Sequence {
  readonly start: SequenceStart;
  readonly #file: DiskFile;
  readonly #path: string;
  readonly #reserveAhead: number;
  #slot: Slot;
  #next: number;
  #stopped = false;

  static open(options: SequenceOptions): QueueResult<Sequence> {
    const { disk, path, tip, reserveAhead = RESERVE_AHEAD } = options;
    const name = path.slice(dirname(path).length + 1);
    if (!disk.list(dirname(path)).includes(name)) create(disk, path);
    const file = disk.open(path, 'existing');
    // A killed process may have left a slot in the cache that the disk does not have.
    file.fdatasync();
    const slot = readSlot(file, reserveAhead);
    if (slot === null) {
      file.close();
      return fail('sequence_damaged', `both slots of ${path} are unreadable`);
    }
    return ok(new Sequence({ file, path, reserveAhead, slot, tip }));
  }

  private constructor(from: {
    file: DiskFile;
    path: string;
    reserveAhead: number;
    slot: Slot;
    tip: SequenceOptions['tip'];
  }) {
    const prevSeqDurable = from.tip?.seq ?? 0;
    const firstSeq = Math.max(from.slot.mark, prevSeqDurable + 1);
    const follows = firstSeq === prevSeqDurable + 1;
    const gapReason = follows ? null : from.tip === null ? 'tip_lost' : 'reserved_not_used';
    this.start = { prevSeqDurable, firstSeq, gapReason, previousId: from.tip?.id ?? null };
    this.#file = from.file;
    this.#path = from.path;
    this.#reserveAhead = from.reserveAhead;
    this.#slot = { ...from.slot, mark: firstSeq };
    this.#next = firstSeq;
  }

  /** The next number; every 64th time after one flush. */
  next(): QueueResult<number> {
    if (this.#next >= Number.MAX_SAFE_INTEGER) return fail('sequence_exhausted', `${this.#next}`);
    if (this.#stopped) throw new DiskFailure({ op: 'stopped sequence', path: this.#path });
    if (this.#next >= this.#slot.mark) this.#reserve(this.#next + this.#reserveAhead);
    return ok(this.#next++);
  }

  /** Gives the unused numbers back, so that an orderly stop leaves no gap. */
  close(): void {
    if (!this.#stopped && this.#slot.mark !== this.#next) this.#reserve(this.#next);
    this.#stopped = true;
    this.#file.close();
  }

  /** Crash during the write: the other slot stands, and the start skips what this one may have held. */
  #reserve(mark: number): void {
    const generation = this.#slot.generation + 1n;
    try {
      this.#file.write(slotOffset(generation), encodeSlot({ generation, mark }));
      this.#file.fdatasync();
    } catch (error) {
      this.#stopped = true;
      throw error;
    }
    this.#slot = { generation, mark };
  }
}

const slotOffset = (generation: bigint) => Number(generation % 2n) * SLOT_BYTES;

/** write → fdatasync → rename → fsyncDir: the file has its name only when both slots are whole. */
function create(disk: Disk, path: string): void {
  const temporary = `${path}.tmp`;
  const file = disk.open(temporary, 'create');
  const bytes = new Uint8Array(FILE_BYTES);
  bytes.set(encodeSlot({ generation: 0n, mark: 1 }), 0);
  bytes.set(encodeSlot({ generation: 1n, mark: 1 }), SLOT_BYTES);
  file.write(0, bytes);
  file.fdatasync();
  file.close();
  disk.rename(temporary, path);
  disk.fsyncDir(dirname(path));
}

function encodeSlot(slot: Slot): Uint8Array {
  const bytes = new Uint8Array(SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setBigUint64(8, slot.generation, true);
  view.setBigUint64(16, BigInt(slot.mark), true);
  view.setUint32(DATA_BYTES, crc32c(bytes.subarray(0, DATA_BYTES)), true);
  return bytes;
}

function decodeSlot(bytes: Uint8Array): Slot | null {
  if (bytes.length !== SLOT_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return null;
  if (view.getUint32(DATA_BYTES, true) !== crc32c(bytes.subarray(0, DATA_BYTES))) return null;
  return { generation: view.getBigUint64(8, true), mark: Number(view.getBigUint64(16, true)) };
}

/**
 * The newer slot. Where one is unreadable it may have been the newer one, and its numbers may have been
 * used: the start then skips a whole reservation beyond what the other one says.
 */
function readSlot(file: DiskFile, reserveAhead: number): Slot | null {
  const [a, b] = [0, SLOT_BYTES].map((offset) =>
    decodeSlot(file.read({ offset, length: SLOT_BYTES })),
  );
  if (a && b) return a.generation > b.generation ? a : b;
  const left = a ?? b ?? null;
  // Its generation stays, so that the next write goes over the unreadable slot, not over this one.
  return left && { ...left, mark: left.mark + Math.max(reserveAhead, RESERVE_AHEAD) };
}
