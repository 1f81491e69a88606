/**
 * From content to queued frame: the next number, the previous id, the device's claims, the
 * signature, then the queue. A statement is never published before `append` has returned, so a
 * number that a power cut tears away was never seen by anybody.
 *
 * @module statement-writer
 */
import { encodeFrame } from './formats/frame.ts';
import { encodeGap } from './formats/gap.ts';
import { MEDIA_GAP } from './formats/media-types.ts';
import { sha256 } from './formats/sha256.ts';
import type { Signer } from './formats/signer.ts';
import { signStatement } from './formats/statement.ts';
import type { EntryKind } from './queue/entry.ts';
import type { GapDescription } from './queue/gap.ts';
import type { Queue } from './queue/queue.ts';
import type { QueueResult } from './queue/queue-error.ts';
import type { Sequence } from './queue/sequence.ts';
import type { DeviceTime } from './time-quality.ts';

export interface Content {
  readonly kind: EntryKind;
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Records of a pack; 0 for a content that is none. */
  readonly count: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** The clock at closing: quality and `iat` belong to the times above. */
  readonly time: DeviceTime;
}

export interface Queued {
  readonly kind: EntryKind;
  readonly id: Uint8Array;
  readonly seq: number;
  readonly records: number;
  readonly frameBytes: number;
  /** False: the full queue dropped it, and a gap record will say so. */
  readonly stored: boolean;
}

export interface WriterOptions {
  readonly device: string;
  readonly subject: string;
  readonly ledgerId: Uint8Array;
  readonly bootId: Uint8Array;
  readonly signer: Signer;
  readonly keyNumber: number;
  readonly queue: Queue;
  readonly sequence: Sequence;
  /** The newest time proved: what `iat` says while the clock is worth nothing. */
  readonly floorMs: () => number;
  readonly onQueued: (queued: Queued) => void;
}

/** Writing a gap record may evict and so begin another gap; the rest follow the next frame. */
const GAPS_PER_WRITE_MAX = 4;
/** A new queue beside an old sequence file: there was a predecessor, and nobody knows its id. */
const UNKNOWN_PREVIOUS = new Uint8Array(32);

export class StatementWriter {
  readonly #options: WriterOptions;
  #previousId: Uint8Array | null;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#previousId = options.sequence.start.previousId;
  }

  /** Throws where the sequence is used up or the disk fails: nothing more can be signed then. */
  write(content: Content): void {
    this.#append(content);
    this.writeGaps(content.time);
  }

  /** Signs what the queue dropped. Gaps of a retired key stay: the new one can't vouch for them. */
  writeGaps(time: DeviceTime): void {
    for (let i = 0; i < GAPS_PER_WRITE_MAX; i += 1) {
      const { queue, keyNumber } = this.#options;
      const gap = queue.pendingGaps().find(({ key }) => key === keyNumber);
      if (gap === undefined || !this.#writeGap(gap, time)) return;
    }
  }

  #writeGap(gap: GapDescription, time: DeviceTime): boolean {
    const { gap: closesGap, fromSeq, toSeq, count, minMs, maxMs, reason, digest } = gap;
    const bytes = encodeGap({
      ...{ fromSeq, toSeq, count, reason, dropped: digest },
      minTimeMs: minMs,
      maxTimeMs: maxMs,
    });
    const times = { count: 0, firstMs: null, lastMs: null };
    return this.#append({ kind: 'gap', type: MEDIA_GAP, bytes, time, ...times }, closesGap);
  }

  #append(content: Content, closesGap?: number): boolean {
    const { queue, keyNumber, onQueued } = this.#options;
    const { kind, count, firstMs, lastMs } = content;
    const seq = must(this.#options.sequence.next());
    const signed = this.#sign(content, seq);
    this.#previousId = signed.id;
    const frame = encodeFrame({ statement: signed.bytes, content: content.bytes });
    const appended = queue.append([
      {
        ...{ id: signed.id, seq, kind, frame, key: keyNumber, minMs: firstMs, maxMs: lastMs },
        ...(closesGap === undefined ? {} : { closesGap }),
      },
    ]);
    const stored = appended.ok;
    if (!stored && appended.code !== 'full' && appended.code !== 'disk_full') must(appended);
    onQueued({ kind, id: signed.id, seq, records: count, frameBytes: frame.length, stored });
    return stored;
  }

  #sign({ type, bytes, time, count, firstMs, lastMs }: Content, seq: number) {
    const { device, subject, ledgerId, bootId, signer, floorMs } = this.#options;
    const { quality, errorMs, wallMs } = time;
    const prev = seq === 1 ? null : (this.#previousId ?? UNKNOWN_PREVIOUS);
    return signStatement(
      {
        ...{ iss: device, sub: subject, iat: Math.floor((wallMs ?? floorMs()) / 1000) },
        payload: { kind: 'hash', digest: sha256(bytes), preimageType: type },
        ...{ seq, prev, ledgerId },
        device: { bootId, quality, errorMs, count, firstMs, lastMs },
      },
      signer,
    );
  }
}

function must<T>(result: QueueResult<T>): T {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
}
