import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';

/** What became of a frame, told only once it is durable. */
export type Outcome =
  /** In the inbox of an alliance's gateway: durable, and not in a block yet. */
  | { kind: 'queued'; id: Uint8Array }
  | { kind: 'accepted'; id: Uint8Array; leafIndex: number; sub: string }
  | { kind: 'duplicate'; id: Uint8Array; leafIndex: number; sub: string }
  /** Listed in the batch at `batchLeaf`: the device may release the frame on that batch's receipt. */
  | { kind: 'listed'; id: Uint8Array; code: RefusalCode; batchLeaf: number }
  /** Not listed: nobody signed for it, or a carrier may have caused it. */
  | { kind: 'refused'; id: Uint8Array | null; code: RefusalCode };

export type Settle = (outcome: Outcome) => void;
