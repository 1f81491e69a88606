import { BATCH_RULINGS_MAX, type Ruling } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type Charter, parseCharter } from '@truegrain/device-sdk/formats/charter.js';
import { applyMembership, foundMembership } from '@truegrain/device-sdk/formats/membership.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { MEMBERSHIP_KINDS } from '../ledger/membership-changes.ts';
import {
  type DeviceRecord,
  emptyState,
  type KeyRecord,
  type LedgerState,
  type Stream,
} from '../ledger/state.ts';
import type { Db, Query } from './database.ts';
import { fromText, toText } from './record.ts';

export interface GovernanceRow {
  leafIndex: number;
  kind: string;
  id: Uint8Array;
  logTimeMs: number;
}

export interface RulingRow extends Ruling {
  batchLeaf: number;
}

/** The ledger state's copy in SQL, written in the transaction that appends the leaves. */
export class Fold {
  readonly #db: Db;
  readonly #key: Query;
  readonly #device: Query;
  readonly #stream: Query;
  readonly #governance: Query;
  readonly #erased: Query;
  readonly #refusal: Query;
  readonly #ruling: Query;
  readonly #rulingsOf: Query;
  readonly #rulingPage: Query;
  readonly #rulingsOfBatch: Query;
  readonly #findRefusal: Query;
  readonly #governancePage: Query;

  constructor(db: Db) {
    this.#db = db;
    this.#key = db.prepare('INSERT OR REPLACE INTO ledger_key VALUES (?, ?)');
    this.#device = db.prepare('INSERT OR REPLACE INTO device VALUES (?, ?)');
    this.#stream = db.prepare('INSERT OR REPLACE INTO stream VALUES (?, ?, ?, ?, ?, ?)');
    this.#governance = db.prepare('INSERT INTO governance VALUES (?, ?, ?, ?)');
    this.#erased = db.prepare('INSERT OR IGNORE INTO erased VALUES (?, ?)');
    this.#refusal = db.prepare('INSERT OR IGNORE INTO refusal VALUES (?, ?, ?)');
    this.#ruling = db.prepare('INSERT INTO ruling VALUES (?, ?, ?, ?)');
    this.#rulingsOf = db.prepare(
      `SELECT id, rule, version, batch_leaf AS batchLeaf FROM ruling
       WHERE id = ? ORDER BY rule, version, batch_leaf`,
    );
    this.#rulingPage = db.prepare(
      `SELECT id, rule, version, batch_leaf AS batchLeaf FROM ruling
       WHERE batch_leaf >= ? ORDER BY batch_leaf, id, rule LIMIT ?`,
    );
    this.#rulingsOfBatch = db.prepare(
      `SELECT id, rule, version, batch_leaf AS batchLeaf FROM ruling
       WHERE batch_leaf = ? ORDER BY id, rule LIMIT ?`,
    );
    this.#governancePage = db.prepare(
      `SELECT leaf_index AS leafIndex, kind, id, log_time_ms AS logTimeMs FROM governance
       WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ?`,
    );
    this.#findRefusal = db.prepare(
      'SELECT code, batch_leaf AS batchLeaf FROM refusal WHERE id = ?',
    );
  }

  putKey(record: KeyRecord): void {
    this.#key.run(record.no, toText(record));
  }

  putDevice(record: DeviceRecord): void {
    this.#device.run(record.device, toText(record));
  }

  putStream(s: Stream): void {
    this.#stream.run(s.keyNo, s.maxSeq, s.tipId, s.missing, s.forked ? 1 : 0, s.lastLogTimeMs);
  }

  putGovernance(row: GovernanceRow): void {
    this.#governance.run(row.leafIndex, row.kind, row.id, row.logTimeMs);
  }

  putErased(id: Uint8Array, erasureLeaf: number): void {
    this.#erased.run(id, erasureLeaf);
  }

  putRefusal(id: Uint8Array, code: string, batchLeaf: number): void {
    this.#refusal.run(id, code, batchLeaf);
  }

  putRuling({ id, rule, version }: Ruling, batchLeaf: number): void {
    this.#ruling.run(id, rule, version, batchLeaf);
  }

  /** Rules that a statement broke, by the gateway's word. */
  rulingsOf(id: Uint8Array): RulingRow[] {
    return this.#rulingsOf.all(id) as RulingRow[];
  }

  rulingsOfBatch(batchLeaf: number): RulingRow[] {
    return this.#rulingsOfBatch.all(batchLeaf, BATCH_RULINGS_MAX) as RulingRow[];
  }

  /** In the order of their batches. */
  rulingsFrom(batchLeaf: number, limit: number): RulingRow[] {
    return this.#rulingPage.all(batchLeaf, limit) as RulingRow[];
  }

  refusal(id: Uint8Array): { code: string; batchLeaf: number } | null {
    return (this.#findRefusal.get(id) as { code: string; batchLeaf: number } | undefined) ?? null;
  }

  governanceFrom(fromLeaf: number, limit: number): GovernanceRow[] {
    return this.#governancePage.all(fromLeaf, limit) as GovernanceRow[];
  }

  /** Leaves of these kinds below `beforeLeaf`, ascending. */
  leavesOfKinds(kinds: readonly string[], beforeLeaf: number): number[] {
    const marks = kinds.map(() => '?').join();
    return this.#db
      .prepare(
        `SELECT leaf_index FROM governance WHERE kind IN (${marks}) AND leaf_index < ?
         ORDER BY leaf_index`,
      )
      .pluck()
      .all(...kinds, beforeLeaf) as number[];
  }

  /** The state at the store's size, from the tables alone. */
  load(size: number, logTimeMs: number): LedgerState {
    const state = emptyState();
    state.size = size;
    state.logTimeMs = logTimeMs;
    this.#loadGenesis(state);
    for (const text of this.#texts('SELECT record FROM ledger_key ORDER BY no')) {
      const record = fromText<KeyRecord>(text);
      state.keys.push(record);
      state.keyByKid.set(toHex(record.kid), record);
    }
    for (const text of this.#texts('SELECT record FROM device')) {
      const record = fromText<DeviceRecord>(text);
      state.devices.set(record.device, record);
    }
    for (const stream of this.#streams()) state.streams.set(stream.keyNo, stream);
    const erased = this.#db.prepare('SELECT id, erasure_leaf FROM erased').raw();
    for (const [id, leafIndex] of erased.all() as [Uint8Array, number][]) {
      state.erased.set(toHex(id), leafIndex);
    }
    return state;
  }

  #loadGenesis(state: LedgerState): void {
    const entry = this.#db.prepare('SELECT entry FROM leaf WHERE leaf_index = 0').pluck().get();
    if (!(entry instanceof Uint8Array)) return;
    const statement = parseStatement(entry);
    if (!statement.ok) throw new Error(`leaf 0: ${statement.code}`);
    const charter = parseCharter(statement.value.payloadBytes);
    if (!charter.ok) throw new Error(`leaf 0: ${charter.code}`);
    state.charterId = statement.value.id;
    state.ledgerId = sha256(entry);
    const { membership, terms } = this.#membership(charter.value, state);
    state.membership = membership;
    state.charter = { ...charter.value, ...terms };
    const accepted = this.#issuersOf('acceptance');
    for (const { iss } of charter.value.founders.slice(1)) {
      if (!accepted.has(iss)) state.awaiting.add(iss);
    }
  }

  /** Few and short: folded again from their leaves, which were judged when they came. */
  #membership(charter: Charter, { charterId, ledgerId }: LedgerState) {
    if (!charterId || !ledgerId) throw new Error('no charter');
    let membership = foundMembership(charter, charterId);
    const marks = [...MEMBERSHIP_KINDS.values()].map((kind) => `'${kind}'`).join();
    const rows = this.#db
      .prepare(
        `SELECT leaf_index, entry FROM governance JOIN leaf USING (leaf_index)
         WHERE kind IN (${marks}) ORDER BY leaf_index`,
      )
      .raw()
      .all() as [number, Uint8Array][];
    for (const [leafIndex, entry] of rows) {
      const statement = parseStatement(entry);
      if (!statement.ok) throw new Error(`leaf ${leafIndex}: ${statement.code}`);
      const change = { leafIndex, statement: statement.value, ledgerId, isKeyKnown: () => false };
      const applied = applyMembership(membership, change);
      if (!applied.ok) throw new Error(`leaf ${leafIndex}: ${applied.code}: ${applied.detail}`);
      membership = applied.value.membership;
    }
    return { membership, terms: membership.terms };
  }

  #issuersOf(kind: string): Set<string> {
    const entries = this.#db
      .prepare('SELECT entry FROM governance JOIN leaf USING (leaf_index) WHERE kind = ?')
      .pluck()
      .all(kind) as Uint8Array[];
    const issuers = new Set<string>();
    for (const entry of entries) {
      const statement = parseStatement(entry);
      if (statement.ok) issuers.add(statement.value.iss);
    }
    return issuers;
  }

  #streams(): Stream[] {
    const rows = this.#db
      .prepare(
        `SELECT key_no AS keyNo, max_seq AS maxSeq, tip_id AS tipId, missing, forked,
         log_time_ms AS lastLogTimeMs FROM stream`,
      )
      .all() as (Omit<Stream, 'forked'> & { forked: number })[];
    return rows.map((row) => ({ ...row, forked: row.forked === 1 }));
  }

  #texts(sql: string): string[] {
    return this.#db.prepare(sql).pluck().all() as string[];
  }
}
