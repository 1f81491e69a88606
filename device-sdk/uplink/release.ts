/**
 * The one rule that releases a frame (DESIGN §3): its own receipt, or the receipt of the batch
 * statement that lists its refusal, under a log key pinned at enrolment. Pure: no queue, no clock.
 * PUBACK and *accepted* release nothing; a broker or gateway that lies can delay a frame, never
 * make the device forget it.
 *
 * @module release
 */
import { parseBatch } from '../formats/batch.ts';
import { equal } from '../formats/bytes.ts';
import { type CoseKey, keyThumbprint } from '../formats/cose-key.ts';
import type { BatchEvidence } from '../formats/downlink.ts';
import { MEDIA_BATCH } from '../formats/media-types.ts';
import { leafHash } from '../formats/merkle.ts';
import { parseReceipt, verifyReceipt } from '../formats/receipt.ts';
import type { RefusalCode } from '../formats/refusal.ts';
import { fail, ok, type Result } from '../formats/result.ts';
import type { NativeVerify } from '../formats/signature.ts';
import { parseStatement } from '../formats/statement.ts';

/** What enrolment pinned, from the C2SP policy: one log key per member, all under one origin. */
export interface PinnedLog {
  readonly origin: string;
  readonly ledgerId: Uint8Array;
  readonly keys: readonly CoseKey[];
}

/** What an answer is held against, computed from our own frame when it was sent. */
export interface SentStatement {
  readonly id: Uint8Array;
  readonly leafHash: Uint8Array;
  /** The same statement with the other ECDSA signature, which a carrier may have made of ours. */
  readonly mirroredLeafHash?: Uint8Array | null;
  readonly sub: string;
}

export interface Release {
  readonly root: Uint8Array;
  /** As the proof states them: the log signed the root, not the position. */
  readonly size: number;
  readonly index: number;
  /** The newest log time these bytes prove; null where they carry none. */
  readonly logTimeMs: number | null;
}

export type ReleaseRefusal =
  /** Not a receipt, or not one that proves this leaf under a pinned key. */
  | 'receipt'
  /** Another log's, or of another subject. */
  | 'receipt_claims'
  /** Not a batch statement of our ledger. */
  | 'batch'
  /** The batch is in the log but lists another id or code. */
  | 'not_listed';

export interface Trust {
  readonly log: PinnedLog;
  readonly native?: NativeVerify | undefined;
}

export function judgeReceipt(
  sent: Omit<SentStatement, 'id'>,
  receipt: Uint8Array,
  { log, native }: Trust,
): Result<Release, ReleaseRefusal> {
  const parsed = parseReceipt(receipt);
  if (!parsed.ok) return fail('receipt', `${parsed.code}: ${parsed.detail}`);
  const { kid, iss, sub, iat } = parsed.value;
  const key = log.keys.find((one) => equal(keyThumbprint(one), kid));
  if (key === undefined) return fail('receipt', 'signed by no log key pinned at enrolment');
  if (iss !== `https://${log.origin}`) return fail('receipt_claims', `iss ${iss.slice(0, 80)}`);
  if (sub !== sent.sub) return fail('receipt_claims', `sub ${sub.slice(0, 80)}`);
  const claim = { receipt: parsed.value, key, native };
  let verdict = verifyReceipt({ ...claim, leafHash: sent.leafHash });
  if (!verdict.ok && sent.mirroredLeafHash) {
    verdict = verifyReceipt({ ...claim, leafHash: sent.mirroredLeafHash });
  }
  if (!verdict.ok) return fail('receipt', `${verdict.code}: ${verdict.detail}`);
  const { root, size, index } = verdict.value;
  return ok({ root, size, index, logTimeMs: iat === null ? null : iat * 1000 });
}

/**
 * The gateway's signature on the batch is not checked: its key is registered in the log, which a
 * device doesn't hold, and a leaf of this log has been checked by every member before it got there.
 */
export function judgeRefusal(
  sent: Pick<SentStatement, 'id'>,
  refusal: { readonly code: RefusalCode; readonly batch: BatchEvidence },
  trust: Trust,
): Result<Release, ReleaseRefusal> {
  const statement = parseStatement(refusal.batch.statement);
  if (!statement.ok) return fail('batch', `${statement.code}: ${statement.detail}`);
  const { payload, ledgerId, entry, sub } = statement.value;
  if (ledgerId === null || !equal(ledgerId, trust.log.ledgerId)) {
    return fail('batch', 'a statement for another ledger');
  }
  if (payload.kind !== 'inline' || payload.contentType !== MEDIA_BATCH) {
    return fail('batch', 'not a batch statement');
  }
  const batch = parseBatch(payload.bytes);
  if (!batch.ok) return fail('batch', `${batch.code}: ${batch.detail}`);
  const listed = batch.value.refusals.find(({ id }) => equal(id, sent.id));
  if (listed?.code !== refusal.code) {
    return fail('not_listed', listed === undefined ? 'id not listed' : `listed as ${listed.code}`);
  }
  const released = judgeReceipt({ leafHash: leafHash(entry), sub }, refusal.batch.receipt, trust);
  if (!released.ok) return released;
  const logTimeMs = Math.max(batch.value.logTimeMs, released.value.logTimeMs ?? 0);
  return ok({ ...released.value, logTimeMs });
}
