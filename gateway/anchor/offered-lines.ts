import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { NoteKey, NoteSignature } from '@truegrain/device-sdk/formats/note.js';
import type { CosignedNote } from './cosigned-note.ts';

/** Sizes at which other members stand while an own round is under way. */
const SIZES_MAX = 16;

/**
 * Cosignatures that stood under the checkpoints of members who asked for ours. They cover the body
 * alone, which is the same for all members, and save asking their makers.
 */
export class OfferedLines {
  readonly #sizes = new Map<
    number,
    { root: Uint8Array; lines: Map<string, { key: NoteKey; signature: NoteSignature }> }
  >();

  add(
    { size, root }: { size: number; root: Uint8Array },
    { key, signature }: { key: NoteKey; signature: NoteSignature },
  ): void {
    const offered = this.#sizes.get(size) ?? { root, lines: new Map() };
    if (!equal(offered.root, root)) return;
    offered.lines.set(toHex(key.key), { key, signature });
    this.#sizes.set(size, offered);
    if (this.#sizes.size > SIZES_MAX) this.#sizes.delete(Math.min(...this.#sizes.keys()));
  }

  /** Adds what is known for this checkpoint, and forgets what is of no use once it is shown. */
  moveInto(note: CosignedNote): void {
    const offered = this.#sizes.get(note.size);
    for (const { key, signature } of offered?.lines.values() ?? []) note.add(key, signature);
    for (const size of this.#sizes.keys()) if (size <= note.size) this.#sizes.delete(size);
  }
}
