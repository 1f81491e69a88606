import { encodeBatch, type Ruling } from '@truegrain/device-sdk/formats/batch.js';
import { MEDIA_BATCH } from '@truegrain/device-sdk/formats/media-types.js';
import type { ListableRefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import {
  parseStatement,
  type Statement,
  signStatement,
} from '@truegrain/device-sdk/formats/statement.js';
import { editionOf } from './batch-law.ts';
import type { Facts } from './facts.ts';
import { packGrades } from './grade.ts';
import { keyOf, type LedgerState } from './state.ts';

export interface BatchContents {
  accepted: readonly { facts: Facts; grade: number }[];
  /** RFC 9162 root over the accepted statements' leaf hashes. */
  root: Uint8Array;
  refusals: readonly { id: Uint8Array; code: ListableRefusalCode }[];
  logTimeMs: number;
  rulings: readonly Ruling[];
}

/** Signs the batch statement over statements judged against `state`; the gateway key's next number. */
export function sealBatch(
  state: LedgerState,
  gateway: { signer: Signer; iss: string },
  contents: BatchContents,
): Statement {
  const key = keyOf(state, gateway.signer.kid);
  const tip = key ? state.streams.get(key.no) : undefined;
  const body = encodeBatch({
    count: contents.accepted.length,
    batchRoot: contents.root,
    judgedAt: state.size,
    logTimeMs: contents.logTimeMs,
    grades: packGrades(contents.accepted.map(({ grade }) => grade)),
    refusals: contents.refusals,
    edition: editionOf(state),
    rulings: contents.rulings,
  });
  const fields = {
    iss: gateway.iss,
    sub: state.charter?.ledgerName ?? '',
    iat: Math.floor(contents.logTimeMs / 1000),
    payload: { kind: 'inline' as const, contentType: MEDIA_BATCH, bytes: body },
    seq: (tip?.maxSeq ?? 0) + 1,
    prev: tip?.tipId ?? null,
    ledgerId: state.ledgerId,
    device: null,
  };
  const signed = parseStatement(signStatement(fields, gateway.signer).bytes);
  if (!signed.ok) throw new Error(`own batch: ${signed.code}`);
  return signed.value;
}
