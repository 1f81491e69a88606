import { _SHA256 } from '@noble/hashes/sha2.js';
import { fromHex, toHex } from '../formats/bytes.ts';

/** A SHA-256 that was stopped in the middle: chaining words, the unfinished block, bytes taken so far. */
export interface DigestState {
  readonly words: readonly number[];
  readonly tail: string;
  readonly length: number;
}

/**
 * SHA-256 (FIPS 180-4) that can be put down and taken up again: the digest over the ids of a drop
 * episode has to survive restarts without keeping 32 bytes for every frame dropped.
 */
class ResumableSha256 extends _SHA256 {
  save(): DigestState {
    return { words: this.get(), tail: toHex(this.buffer.slice(0, this.pos)), length: this.length };
  }

  load(state: DigestState): this {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state.words;
    this.set(a, b, c, d, e, f, g, h);
    const tail = fromHex(state.tail) ?? new Uint8Array(0);
    this.buffer.set(tail);
    this.pos = tail.length;
    this.length = state.length;
    return this;
  }
}

export const emptyDigest: DigestState = new ResumableSha256().save();

export function extendDigest(state: DigestState, ids: Iterable<Uint8Array>): DigestState {
  const hash = new ResumableSha256().load(state);
  for (const id of ids) hash.update(id);
  return hash.save();
}

export const finishDigest = (state: DigestState): Uint8Array =>
  new ResumableSha256().load(state).digest();
