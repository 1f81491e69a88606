import type { CheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import type { Policy, PolicyVerdict } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Folded } from './fold.ts';
import type { Relation } from './history.ts';
import type { ReadLeaves, ServiceKey, SourceKind } from './ledger-source.ts';
import type { Independence } from './organisations.ts';
import type { Seen } from './seen.ts';

/** What the user brings from elsewhere; at least one of the two. */
export interface Trust {
  readonly policy: Policy | null;
  readonly ledgerId: Uint8Array | null;
}

/** A checkpoint and what the trusted keys say of it. */
export interface ShownCheckpoint {
  readonly note: string;
  readonly body: CheckpointBody;
  /** Under the user's policy; null where a ledger id alone was given. */
  readonly byPolicy: Verdict | null;
  /** Under the keys and the quorum that the ledger's own law has for this size; null without one. */
  readonly byLaw: Verdict | null;
}

export type Verdict =
  | { readonly ok: true; readonly value: PolicyVerdict }
  | { readonly ok: false; readonly detail: string };

/** Whether what is shown is what was signed. */
export interface TreeCheck {
  /** The tiles lead to the checkpoint's root. */
  readonly root: Seen<boolean>;
  /** Entries that are not those that were signed, in words. */
  readonly faults: readonly string[];
  readonly included: number;
  /** Why some could not be placed. */
  readonly unplaced: readonly string[];
}

/** Another place where the same ledger is to be seen, and what it showed. */
export interface PeerSight {
  /** The member whose endpoint it is; null for a place the user named. */
  readonly member: { readonly iss: string; readonly name: string } | null;
  readonly url: string | null;
  readonly answer: Seen<PeerAnswer>;
}

export interface PeerAnswer {
  readonly size: number;
  /** Signed by a log key that is trusted for this ledger; else why not. */
  readonly fault: string | null;
  readonly relation: Seen<Relation>;
}

/** Two checkpoints of the asked source itself: within the run, or an earlier run's and this one's. */
export interface Passage {
  readonly from: { readonly what: string; readonly size: number };
  readonly to: { readonly what: string; readonly size: number };
  readonly relation: Seen<Relation>;
}

export interface Timing {
  readonly name: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Answers that did not come; their time is not in the numbers. */
  readonly failed: number;
}

/** All that was collected; every criterion is a function of it and of nothing else. */
export interface View {
  readonly source: { readonly kind: SourceKind; readonly where: string };
  readonly trust: Trust;
  readonly checkpoint: Seen<ShownCheckpoint>;
  readonly leaves: Seen<ReadLeaves>;
  readonly tree: TreeCheck;
  /** Null where nothing is there to fold: no leaf 0, or one that is no charter. */
  readonly law: Folded | null;
  readonly independence: Independence | null;
  readonly passages: readonly Passage[];
  readonly peers: readonly PeerSight[];
  readonly timings: Seen<readonly Timing[]>;
  readonly keys: Seen<readonly ServiceKey[]>;
}
