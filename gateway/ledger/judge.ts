import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import type { Facts } from './facts.ts';
import type { DeviceRecord, History, LedgerState, Stream } from './state.ts';

/** A device clock may run ahead of log time by this much before its readings are refused. */
export const CLOCK_AHEAD_MS_MAX = 5 * 60_000;

/** Longest time one pack may cover: what a query by time has to look back. */
export const PACK_SPAN_MS_MAX = 24 * 3_600_000;

export type Verdict =
  | { kind: 'accept'; late: boolean; fork: boolean; gap: boolean }
  | { kind: 'duplicate' }
  | { kind: 'refuse'; code: RefusalCode };

/**
 * Judges statements one after the other against the state at `judgedAt` and against those judged
 * before them in the same batch, without touching the state: an overlay holds what they change.
 * Used twice: as forecast when a frame is admitted, and by `app.ts` at the statement's own position.
 */
export class Judge {
  readonly #state: LedgerState;
  readonly #history: History;
  readonly #logTimeMs: number;
  readonly streams = new Map<number, Stream>();
  /** Accepted in this batch; indexed at the first look back, which most batches never take. */
  readonly #accepted: Facts[] = [];
  readonly #indexed = new Map<string, Known>();
  #indexedUpTo = 0;
  /** The other statements under a number that are evidence of a fork. */
  readonly #forks = new Map<string, Known>();

  constructor(state: LedgerState, history: History, logTimeMs: number) {
    this.#state = state;
    this.#history = history;
    this.#logTimeMs = logTimeMs;
  }

  judge(facts: Facts): Verdict {
    if (this.isDuplicate(facts)) return { kind: 'duplicate' };
    const code = this.#refusal(facts);
    if (code) return { kind: 'refuse', code };
    return this.#sequence(facts);
  }

  /** What `retract` needs to take the next statement of this key back. */
  mark(keyNo: number): Stream | null {
    const stream = this.streams.get(keyNo);
    return stream ? { ...stream } : null;
  }

  /** A statement that was just accepted here is kept out after all: by a rule, which is asked last. */
  retract({ keyNo, seq, id }: Facts, mark: Stream | null): void {
    if (mark) this.streams.set(keyNo, mark);
    else this.streams.delete(keyNo);
    const place = `${keyNo}:${seq}`;
    const last = this.#accepted.at(-1);
    if (last && equal(last.id, id)) {
      this.#accepted.pop();
      this.#indexed.delete(place);
      this.#indexedUpTo = Math.min(this.#indexedUpTo, this.#accepted.length);
    } else this.#forks.delete(place);
  }

  /** In the log, or accepted before it in this batch: its receipt stands, whatever became of its key. */
  isDuplicate({ keyNo, seq, id }: Facts): boolean {
    const stream = this.streams.get(keyNo) ?? this.#state.streams.get(keyNo);
    if (!stream || seq > stream.maxSeq) return false;
    return this.#find(keyNo, seq).some((known) => equal(known.id, id));
  }

  #refusal(facts: Facts): RefusalCode | null {
    const key = this.#state.keys[facts.keyNo];
    if (key?.role !== 'device') return 'unknown_key';
    if (facts.mismatch) return facts.mismatch;
    if (this.#state.awaiting.size > 0) return 'not_allowed';
    // By log order, never by claimed time: an old date does not revive a revoked key (DESIGN §3).
    if (key.status === 'revoked') return 'key_revoked';
    if (key.status === 'retired') return 'key_retired';
    const device = this.#state.devices.get(key.iss);
    if (!device) return 'unknown_key';
    if (isSuspended(this.#state, device)) return 'suspended';
    if (device.subjects && !device.subjects.includes(facts.sub)) return 'subject';
    return this.#clock(facts, device.buildDateS);
  }

  #clock(facts: Facts, buildDateS: number): RefusalCode | null {
    const latestMs = this.#logTimeMs + CLOCK_AHEAD_MS_MAX;
    if (facts.iat < buildDateS || facts.iat * 1000 > latestMs) return 'clock';
    if (facts.firstMs === null || facts.lastMs === null) return null;
    if (facts.firstMs < buildDateS * 1000 || facts.lastMs > latestMs) return 'clock';
    const spanMs = facts.lastMs - facts.firstMs;
    return spanMs < 0 || spanMs > PACK_SPAN_MS_MAX ? 'time_mismatch' : null;
  }

  #sequence(facts: Facts): Verdict {
    const stream = this.#stream(facts.keyNo);
    if (facts.seq > stream.maxSeq) return this.#advance(stream, facts);
    if (this.#find(facts.keyNo, facts.seq).length > 0) return this.#fork(stream, facts);
    return this.#fillGap(stream, facts);
  }

  #advance(stream: Stream, facts: Facts): Verdict {
    const gap = facts.seq !== stream.maxSeq + 1;
    if (!gap && facts.seq > 1 && !linked(facts.prev, stream.tipId)) return BROKEN_LINK;
    stream.missing += facts.seq - stream.maxSeq - 1;
    stream.maxSeq = facts.seq;
    stream.tipId = facts.id;
    stream.lastLogTimeMs = this.#logTimeMs;
    this.#remember(facts);
    return { kind: 'accept', late: false, fork: false, gap };
  }

  /** An unseen lower number fills its gap, if it links to the neighbours that are there. */
  #fillGap(stream: Stream, facts: Facts): Verdict {
    const [before] = this.#find(facts.keyNo, facts.seq - 1);
    if (before && !linked(facts.prev, before.id)) return BROKEN_LINK;
    const [after] = this.#find(facts.keyNo, facts.seq + 1);
    if (after && !linked(after.prev, facts.id)) return BROKEN_LINK;
    stream.missing -= 1;
    this.#remember(facts);
    return { kind: 'accept', late: true, fork: false, gap: false };
  }

  /** The first other statement under a used number is kept as evidence; more add nothing. */
  #fork(stream: Stream, { keyNo, seq, id, prev }: Facts): Verdict {
    if (stream.forked) return { kind: 'refuse', code: 'fork' };
    stream.forked = true;
    this.#forks.set(`${keyNo}:${seq}`, { id, prev });
    return { kind: 'accept', late: false, fork: true, gap: false };
  }

  #stream(keyNo: number): Stream {
    const touched = this.streams.get(keyNo);
    if (touched) return touched;
    const known = this.#state.streams.get(keyNo);
    const copy = known
      ? { ...known }
      : { keyNo, maxSeq: 0, tipId: NO_ID, missing: 0, forked: false, lastLogTimeMs: 0 };
    this.streams.set(keyNo, copy);
    return copy;
  }

  #remember(facts: Facts): void {
    this.#accepted.push(facts);
  }

  #index(): ReadonlyMap<string, Known> {
    for (const facts of this.#accepted.slice(this.#indexedUpTo)) {
      this.#indexed.set(`${facts.keyNo}:${facts.seq}`, facts);
    }
    this.#indexedUpTo = this.#accepted.length;
    return this.#indexed;
  }

  /** What has this number, the first one first: a fork's second statement is evidence, not history. */
  #find(keyNo: number, seq: number): readonly Known[] {
    if (seq < 1) return [];
    const place = `${keyNo}:${seq}`;
    const first = this.#index().get(place);
    const fork = this.#forks.get(place);
    const known = first ? [first] : this.#history.find(keyNo, seq);
    return fork ? [...known, fork] : known;
  }
}

/** By a supervisor's order, of the device or of its owner, for every leaf after it. */
function isSuspended({ membership }: LedgerState, { device, owner }: DeviceRecord): boolean {
  const law = membership?.law;
  if (!law || law.orders.size === 0) return false;
  return law.suspendedDevices.has(device) || law.suspendedMembers.has(owner);
}

type Known = { id: Uint8Array; prev: Uint8Array | null };
const NO_ID = new Uint8Array(32);
/** It names a predecessor that is not the one in the log: a second history, hidden so far. */
const BROKEN_LINK: Verdict = { kind: 'refuse', code: 'prev_mismatch' };

function linked(prev: Uint8Array | null, id: Uint8Array): boolean {
  return prev !== null && equal(prev, id);
}
