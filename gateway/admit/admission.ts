import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import type { CheckPool } from './check-pool.ts';
import type { Settle } from './outcome.ts';
import type { RoundLaw } from './round.ts';

/** The door for frames: `intake.ts` where a frame is committed at once, `inbox-intake.ts` in an alliance. */
export interface Admission {
  readonly pool: Pick<CheckPool<unknown>, 'setLedger' | 'setKey'>;
  /** Set while nothing can be made durable: nothing is accepted, acknowledged or lost. */
  readonly trouble: string | null;
  /** `device` is the authenticated connection's; null at doors that take any device's statement. */
  submit(frame: Uint8Array, device: string | null, settle: Settle): void;
  /** Accepted here and in no block yet. */
  holds(id: Uint8Array): boolean;
  /** Takes nothing more; what is being checked is made durable first, if the disk lets it. */
  close(): Promise<void>;
}

/** What an admission tells of itself. */
export interface AdmissionHooks {
  law: RoundLaw;
  onCommitted: () => void;
  onTrouble: (error: Error) => void;
  onGarbage: (code: RefusalCode, frame: Uint8Array) => void;
  onFailure: (error: Error) => void;
}
