import { REFUSAL_CODES, type RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import type { Facts } from '../ledger/facts.ts';
import type { Checked } from './check.ts';

/**
 * Frames to a checking thread and verdicts back, each as one transferred ArrayBuffer: a structured
 * clone of 256 objects would cost more than the hashing they ask for.
 *
 * Request: u32 count, count × (u32 offset, u32 length), frames. Answer: count rows of ROW_BYTES;
 * positions in a row point into the request, which comes back with it. Subjects repeat from frame
 * to frame: each text is sent once an answer. An entry cut out of a longer statement (its
 * unprotected header dropped) is nowhere in the request and travels beside it. Summaries for rules
 * stand one after the other in a third buffer; a row says where its own begins.
 */
export interface Answer {
  frames: ArrayBuffer;
  rows: ArrayBuffer;
  summaries: ArrayBuffer;
  subjects: string[];
  cutEntries: Uint8Array[];
}

const ROW_BYTES = 184;
const NONE = 255;
/** Offsets inside a row; the three 32-byte values stand last. */
const AT = {
  refusal: 0,
  content: 1,
  suspect: 2,
  quality: 3,
  mismatch: 4,
  hasPrev: 5,
  hasId: 6,
  keyNo: 8,
  entry: 12,
  body: 20,
  subject: 28,
  summary: 32,
  seq: 40,
  iat: 48,
  firstMs: 56,
  lastMs: 64,
  id: 72,
  leafHash: 104,
  prev: 136,
} as const;
/** Length of a summary that was not asked for; an empty one is of a pack without numbers. */
const NO_SUMMARY = 0xffffffff;
const MISMATCHES = [null, 'wrong_ledger', 'iss_mismatch'] as const;

export function packFrames(frames: readonly Uint8Array[]): ArrayBuffer {
  const head = 4 + frames.length * 8;
  const total = frames.reduce((sum, frame) => sum + frame.length, head);
  const buffer = new ArrayBuffer(total);
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  view.setUint32(0, frames.length);
  let at = head;
  for (const [i, frame] of frames.entries()) {
    view.setUint32(4 + i * 8, at);
    view.setUint32(8 + i * 8, frame.length);
    bytes.set(frame, at);
    at += frame.length;
  }
  return buffer;
}

export function unpackFrames(buffer: ArrayBuffer): Uint8Array[] {
  const view = new DataView(buffer);
  return Array.from(
    { length: view.getUint32(0) },
    (_, i) => new Uint8Array(buffer, view.getUint32(4 + i * 8), view.getUint32(8 + i * 8)),
  );
}

export function packAnswer(results: readonly Checked[], frames: ArrayBuffer): Answer {
  const rows = new ArrayBuffer(results.length * ROW_BYTES);
  const summaries = joinSummaries(results);
  const answer: Answer = { frames, rows, summaries, subjects: [], cutEntries: [] };
  const subjectNos = new Map<string, number>();
  let summaryAt = 0;
  for (const [i, result] of results.entries()) {
    const row = new Row(rows, i);
    if (result.authentic) {
      writeAuthentic(row, result, { answer, subjectNos });
      const { summary } = result.verdict;
      row.view.setUint32(AT.summary, summaryAt);
      row.view.setUint32(AT.summary + 4, summary?.length ?? NO_SUMMARY);
      summaryAt += summary?.length ?? 0;
    } else writeRefused(row, result);
  }
  return answer;
}

function joinSummaries(results: readonly Checked[]): ArrayBuffer {
  const summaries = results.map((result) => (result.authentic ? result.verdict.summary : null));
  const total = summaries.reduce((sum, summary) => sum + (summary?.length ?? 0), 0);
  const joined = new Float64Array(total);
  let at = 0;
  for (const summary of summaries) {
    if (summary === null) continue;
    joined.set(summary, at);
    at += summary.length;
  }
  return joined.buffer;
}

export function unpackAnswer(answer: Answer): Checked[] {
  return Array.from({ length: answer.rows.byteLength / ROW_BYTES }, (_, i) =>
    readRow(new Row(answer.rows, i), answer),
  );
}

class Row {
  readonly view: DataView;
  constructor(buffer: ArrayBuffer, index: number) {
    this.view = new DataView(buffer, index * ROW_BYTES, ROW_BYTES);
  }
  hash(at: number): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + at, 32);
  }
  putRange(at: number, part: Uint8Array): void {
    this.view.setUint32(at, part.byteOffset);
    this.view.setUint32(at + 4, part.length);
  }
  range(at: number, source: ArrayBufferLike): Uint8Array {
    return new Uint8Array(source, this.view.getUint32(at), this.view.getUint32(at + 4));
  }
}

function writeRefused(row: Row, result: Checked & { authentic: false }): void {
  row.view.setUint8(AT.refusal, REFUSAL_CODES.indexOf(result.code));
  row.view.setUint8(AT.hasId, result.id ? 1 : 0);
  if (result.id) row.hash(AT.id).set(result.id);
}

function writeAuthentic(
  row: Row,
  result: Checked & { authentic: true },
  { answer, subjectNos }: { answer: Answer; subjectNos: Map<string, number> },
): void {
  const { view } = row;
  const { facts, content, verdict } = result;
  view.setUint8(AT.refusal, NONE);
  view.setUint8(AT.content, verdict.code === null ? NONE : REFUSAL_CODES.indexOf(verdict.code));
  view.setUint8(AT.suspect, verdict.suspect ? 1 : 0);
  view.setUint8(AT.quality, facts.quality);
  view.setUint8(AT.mismatch, MISMATCHES.indexOf(facts.mismatch));
  view.setUint8(AT.hasPrev, facts.prev ? 1 : 0);
  view.setUint32(AT.keyNo, facts.keyNo);
  if (facts.entry.buffer === answer.frames) row.putRange(AT.entry, facts.entry);
  else view.setUint32(AT.entry + 4, answer.cutEntries.push(facts.entry) - 1);
  row.putRange(AT.body, content);
  view.setUint32(AT.subject, subjectNo(facts.sub, answer.subjects, subjectNos));
  view.setFloat64(AT.seq, facts.seq);
  view.setFloat64(AT.iat, facts.iat);
  view.setFloat64(AT.firstMs, facts.firstMs ?? Number.NaN);
  view.setFloat64(AT.lastMs, facts.lastMs ?? Number.NaN);
  row.hash(AT.id).set(facts.id);
  row.hash(AT.leafHash).set(facts.leafHash);
  if (facts.prev) row.hash(AT.prev).set(facts.prev);
}

function subjectNo(sub: string, subjects: string[], nos: Map<string, number>): number {
  const known = nos.get(sub);
  if (known !== undefined) return known;
  nos.set(sub, subjects.length);
  return subjects.push(sub) - 1;
}

function readRow(row: Row, answer: Answer): Checked {
  const { view } = row;
  const refusal = view.getUint8(AT.refusal);
  if (refusal !== NONE) {
    const id = view.getUint8(AT.hasId) === 1 ? row.hash(AT.id) : null;
    return { authentic: false, code: codeAt(refusal) ?? 'malformed', id };
  }
  const facts: Facts = {
    keyNo: view.getUint32(AT.keyNo),
    id: row.hash(AT.id),
    leafHash: row.hash(AT.leafHash),
    entry: readEntry(row, answer),
    sub: answer.subjects[view.getUint32(AT.subject)] ?? '',
    iat: view.getFloat64(AT.iat),
    seq: view.getFloat64(AT.seq),
    prev: view.getUint8(AT.hasPrev) === 1 ? row.hash(AT.prev) : null,
    quality: view.getUint8(AT.quality),
    firstMs: orNull(view.getFloat64(AT.firstMs)),
    lastMs: orNull(view.getFloat64(AT.lastMs)),
    mismatch: MISMATCHES[view.getUint8(AT.mismatch)] ?? null,
  };
  const code = view.getUint8(AT.content);
  return {
    authentic: true,
    facts,
    content: row.range(AT.body, answer.frames),
    verdict: {
      code: codeAt(code),
      suspect: view.getUint8(AT.suspect) === 1,
      summary: readSummary(row, answer),
    },
  };
}

function readSummary({ view }: Row, { summaries }: Answer): Float64Array | null {
  const length = view.getUint32(AT.summary + 4);
  if (length === NO_SUMMARY) return null;
  return new Float64Array(summaries, view.getUint32(AT.summary) * 8, length);
}

/** Offset 0 is the request's own count: no frame begins there, so it marks a cut entry. */
function readEntry(row: Row, answer: Answer): Uint8Array {
  if (row.view.getUint32(AT.entry) !== 0) return row.range(AT.entry, answer.frames);
  const entry = answer.cutEntries[row.view.getUint32(AT.entry + 4)];
  if (!entry) throw new Error('cut entry missing');
  return entry;
}

function codeAt(index: number): RefusalCode | null {
  return REFUSAL_CODES[index] ?? null;
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
