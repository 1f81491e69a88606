import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { Anchor, type AnchorOptions } from './anchor.ts';
import { Cosigner } from './cosigner.ts';
import { OwnLog, type TreeProofs } from './own-log.ts';
import { SignedTip } from './signed-tip.ts';
import { type OwnKey, SigningFloor } from './signing-floor.ts';

export interface OpenAnchorOptions extends Omit<AnchorOptions, 'cosigner' | 'tree'> {
  cosigner: { name: string; signer: Signer };
  /** The signed tip beside the store, then its copies on other disks. */
  tipFiles: readonly string[];
  /** Leaves committed and durable. */
  size: () => number;
  proofs: TreeProofs;
  nowMs: () => number;
  /** Retired keys of this member among them; a solo ledger asks nobody and needs none. */
  ownKeys?: () => readonly OwnKey[];
  /** See `answersNeeded` in signing-floor.ts; 0 for a solo ledger. */
  answersNeeded?: () => number;
}

/** What signs for this member, over one durable state. */
export interface Anchorage {
  readonly log: OwnLog;
  readonly floor: SigningFloor;
  readonly cosigner: Cosigner;
  readonly anchor: Anchor;
}

export function openAnchor(options: OpenAnchorOptions): Anchorage {
  const { origin, cosigner: by, tipFiles, size, proofs, nowMs, native } = options;
  const { ownKeys = () => [], answersNeeded = () => 0, ...rest } = options;
  const log = new OwnLog({ size, proofs });
  const tip = new SignedTip(tipFiles);
  const floor = new SigningFloor({ origin, tip, log, ownKeys, answersNeeded, native });
  const cosigner = new Cosigner({ origin, ...by, floor, log, nowMs });
  const anchor = new Anchor({ ...rest, cosigner, tree: log });
  return { log, floor, cosigner, anchor };
}
