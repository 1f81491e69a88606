// The way from a leaf to the root, step by step, as RFC 9162 §2.1.3.2 walks it: to be drawn.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { nodeHash } from '@truegrain/device-sdk/formats/merkle.js';

/** One node above the last: its two children, one of which was computed and one given. */
export interface InclusionStep {
  readonly left: string;
  readonly right: string;
  readonly parent: string;
  /** Which child is on the way from the leaf. */
  readonly computed: 'left' | 'right';
}

/** Hashes in hex, the leaf's own node first; null where the path has not the length of its place. */
export function inclusionSteps(claim: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly path: readonly Uint8Array[];
}): InclusionStep[] | null {
  let [at, last] = [claim.index, claim.size - 1];
  let hash = claim.leaf;
  const steps: InclusionStep[] = [];
  for (const sibling of claim.path) {
    if (last === 0) return null;
    const isRight = at % 2 === 1 || at === last;
    const [left, right] = isRight ? [sibling, hash] : [hash, sibling];
    hash = nodeHash(left, right);
    const computed = isRight ? 'right' : 'left';
    steps.push({ left: toHex(left), right: toHex(right), parent: toHex(hash), computed });
    // A last node without a sibling of its own rises unchanged to where it has one.
    while (isRight && at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? steps : null;
}
