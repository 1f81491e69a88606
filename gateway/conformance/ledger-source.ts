import type { TileId } from '@truegrain/device-sdk/formats/tiles.js';
import type { Seen } from './seen.ts';

export type SourceKind = 'gateway' | 'data-folder' | 'tiles' | 'scitt';

/** One entry of the log and where it says it stands; nothing about it is believed yet. */
export interface ReadLeaf {
  readonly leafIndex: number;
  readonly entry: Uint8Array;
}

export interface ReadLeaves {
  readonly leaves: readonly ReadLeaf[];
  /** Every leaf of the tree was read; else only those of the law, as far as they are shown. */
  readonly isWhole: boolean;
}

/** A read that the public can make, for measuring how long an answer takes. */
export interface TimedRead {
  readonly name: string;
  readonly read: () => Promise<Seen<unknown>>;
}

/** A key that a transparency service publishes (SCRAPI). */
export interface ServiceKey {
  /** base64url; empty where the key names none. */
  readonly kid: string;
}

/**
 * A ledger as it shows itself to a stranger. Each adapter reads; nothing here verifies, so that no
 * adapter can vouch for what it brings.
 */
export interface LedgerSource {
  readonly kind: SourceKind;
  readonly where: string;
  /** The newest checkpoint, a signed note. */
  checkpoint(): Promise<Seen<string>>;
  /** A tile of hashes, exactly as wide as its id says. */
  tile(tile: TileId): Promise<Seen<Uint8Array>>;
  /** Entries below `size`: all of them, or those of the law. */
  leaves(size: number): Promise<Seen<ReadLeaves>>;
  keys(): Promise<Seen<readonly ServiceKey[]>>;
  /** Empty where nothing is answered over a network. */
  readonly timed: readonly TimedRead[];
  close(): void;
}

/** Above this a log is not read entry by entry: 256 bundles, some tens of megabytes. */
export const WHOLE_LEAVES_MAX = 65_536;
