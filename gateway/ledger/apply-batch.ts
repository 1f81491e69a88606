import {
  BATCH_BYTES_MAX,
  BATCH_REFUSALS_MAX,
  BATCH_STATEMENTS_MAX,
  type Batch,
  parseBatch,
} from '@truegrain/device-sdk/formats/batch.js';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { MEDIA_BATCH } from '@truegrain/device-sdk/formats/media-types.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import { lawFault } from './batch-law.ts';
import type { Facts } from './facts.ts';
import { FLAG, gradeAt, gradeOf } from './grade.ts';
import { Judge } from './judge.ts';
import { earliestLogTimeMs, type LiveTimes } from './log-time.ts';
import type { History, KeyRecord, LedgerState, Stream } from './state.ts';

export type BlockRefusal =
  | 'malformed'
  | 'bad_signature'
  | 'not_allowed'
  | 'seq'
  | 'too_large'
  | 'batch_root'
  | 'log_time'
  | 'stale_batch';

export interface AppliedBatch {
  kind: 'batch';
  statement: Statement;
  leafIndex: number;
  leafHash: Uint8Array;
  body: Batch;
  key: KeyRecord;
  /** In leaf order, the batch statement's own leaf follows them. */
  statements: { facts: Facts; leafIndex: number; grade: number }[];
  streams: Stream[];
}

export interface BatchBlock {
  /** Device statements whose signatures were verified under `facts.keyNo`. */
  facts: Facts[];
  /** RFC 9162 root over their leaf hashes: from their bytes alone, like the facts. */
  factsRoot: Uint8Array;
  /** The gateway's batch statement, signature verified. */
  batch: Statement;
}

/**
 * Judges a batch at its own log position and, if every verdict is the one the gateway forecast,
 * moves the state past it. Nothing changes when it is refused.
 */
export function applyBatch(
  state: LedgerState,
  history: History,
  block: BatchBlock,
  live?: LiveTimes,
): Result<AppliedBatch, BlockRefusal> {
  const header = checkHeader(state, block);
  if (!header.ok) return header;
  const { body, key } = header.value;
  if (live && (body.logTimeMs < live.minMs || body.logTimeMs > live.maxMs)) {
    return fail('log_time', 'log time is not the present');
  }
  const unlawful = lawFault(state, block, body);
  if (unlawful) return unlawful;
  const judge = new Judge(state, history, body.logTimeMs);
  const statements: AppliedBatch['statements'] = [];
  for (const [i, facts] of block.facts.entries()) {
    const verdict = judge.judge(facts);
    if (verdict.kind !== 'accept') {
      const why = verdict.kind === 'refuse' ? verdict.code : verdict.kind;
      return fail('stale_batch', `${toHex(facts.id)}: ${why}`);
    }
    const claimed = gradeAt(body.grades, i);
    const grade = expectedGrade(state, judge, facts, {
      verdict,
      logTimeMs: body.logTimeMs,
      claimed,
      edition: body.edition,
    });
    if (grade !== claimed) return fail('stale_batch', `${toHex(facts.id)}: grade`);
    statements.push({ facts, leafIndex: state.size + i, grade });
  }
  const streams = [...judge.streams.values(), gatewayStream(key, block.batch, body.logTimeMs)];
  const leafIndex = state.size + statements.length;
  for (const stream of streams) state.streams.set(stream.keyNo, stream);
  state.size = leafIndex + 1;
  state.logTimeMs = Math.max(state.logTimeMs, body.logTimeMs);
  const { batch: statement } = block;
  const hash = leafHash(statement.entry);
  return ok({
    kind: 'batch',
    statement,
    leafIndex,
    leafHash: hash,
    body,
    key,
    statements,
    streams,
  });
}

/** Everything but the suspect flag follows from the state; that one the gateway attests. */
export function expectedGrade(
  state: LedgerState,
  judge: Judge,
  facts: Facts,
  forecast: {
    /** Nested: the two spread into one object took 4 µs of a statement's 70. */
    verdict: { late: boolean; gap: boolean };
    logTimeMs: number;
    claimed: number;
    edition: number | null;
  },
): number {
  const iss = state.keys[facts.keyNo]?.iss ?? '';
  const device = state.devices.get(iss);
  if (!device) throw new Error(`key ${facts.keyNo} has no device`);
  const { verdict, logTimeMs, claimed, edition } = forecast;
  return gradeOf({
    device,
    logTimeMs,
    quality: facts.quality,
    late: verdict.late,
    forked: judge.streams.get(facts.keyNo)?.forked ?? false,
    gapBefore: verdict.gap,
    suspect: (claimed & FLAG.suspect) !== 0,
    subject: facts.sub,
    law: edition === null ? null : (state.membership?.law ?? null),
  });
}

function checkHeader(
  state: LedgerState,
  { facts, factsRoot, batch }: BatchBlock,
): Result<{ body: Batch; key: KeyRecord }, BlockRefusal> {
  const key = state.keyByKid.get(toHex(batch.kid));
  if (key?.role !== 'gateway' || key.status !== 'active' || key.iss !== batch.iss) {
    return fail('not_allowed', 'not signed by an active gateway key');
  }
  if (state.membership?.law.suspendedMembers.has(key.iss)) {
    return fail('not_allowed', `${key.iss} is suspended by order`);
  }
  if (batch.sub !== state.charter?.ledgerName) return fail('not_allowed', 'sub of another ledger');
  if (!inSequence(state, key, batch)) return fail('seq', `gateway sequence ${batch.seq}`);
  if (state.awaiting.size > 0) {
    return fail('not_allowed', 'founders have not all accepted the charter');
  }
  const { payload } = batch;
  if (payload.kind !== 'inline' || payload.contentType !== MEDIA_BATCH) {
    return fail('malformed', 'not a batch statement');
  }
  const parsed = parseBatch(payload.bytes);
  if (!parsed.ok) return fail('malformed', parsed.code);
  const body = parsed.value;
  const bytes = facts.reduce((sum, { entry }) => sum + entry.length, batch.entry.length);
  if (bytes > BATCH_BYTES_MAX) return fail('too_large', `${bytes} bytes`);
  if (facts.length > BATCH_STATEMENTS_MAX || body.refusals.length > BATCH_REFUSALS_MAX) {
    return fail('too_large', `${facts.length} statements, ${body.refusals.length} refusals`);
  }
  if (body.count !== facts.length || !equal(body.batchRoot, factsRoot)) {
    return fail('batch_root', 'count or root differ from the statements');
  }
  if (body.logTimeMs < earliestLogTimeMs(state)) {
    return fail('log_time', 'log time runs backwards');
  }
  if (body.judgedAt > state.size) return fail('stale_batch', 'judged against a later state');
  return ok({ body, key });
}

/** One key signs batches and nothing else: its numbers and links have no gaps. */
export function inSequence(state: LedgerState, key: KeyRecord, statement: Statement): boolean {
  const tip = state.streams.get(key.no);
  if (!state.ledgerId || !statement.ledgerId || !equal(statement.ledgerId, state.ledgerId))
    return false;
  if (statement.seq !== (tip?.maxSeq ?? 0) + 1) return false;
  if (!tip) return statement.prev === null;
  return statement.prev !== null && equal(statement.prev, tip.tipId);
}

export function gatewayStream(key: KeyRecord, statement: Statement, logTimeMs: number): Stream {
  return {
    keyNo: key.no,
    maxSeq: statement.seq,
    tipId: statement.id,
    missing: 0,
    forked: false,
    lastLogTimeMs: logTimeMs,
  };
}
