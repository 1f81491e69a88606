import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { mayBeCapturedEvent } from '@truegrain/device-sdk/formats/captured-event.js';
import { parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { eventOf } from '../epcis/capture/captured-content.ts';
import { EventIndex } from '../epcis/index/event-index.ts';
import { HandoverIndex } from '../handover/handover-index.ts';
import { Tree } from '../log/tree.ts';
import type { Db } from '../store/database.ts';
import { DeviceLeaves, isEvent, isNotice } from '../store/device-leaves.ts';
import { Fold } from '../store/fold.ts';
import { Leaves } from '../store/leaves.ts';
import { type PackRow, Packs } from '../store/packs.ts';
import { RuledPacks } from '../store/ruled-packs.ts';
import { SensorSpans } from '../store/sensor-spans.ts';
import { partsOfPack, type SensorPart } from '../store/sensor-sums.ts';
import { Tiles } from '../store/tiles.ts';
import type { AppliedBatch } from './apply-batch.ts';
import type { AppliedGovernance, GovernanceKind } from './apply-governance.ts';
import type { History, LedgerState } from './state.ts';

/** In leaf order: a batch's statements come before the batch statement. */
export function leafHashesOf(applied: AppliedBatch | AppliedGovernance): Uint8Array[] {
  if (applied.kind !== 'batch') return [applied.leafHash];
  return [...applied.statements.map(({ facts }) => facts.leafHash), applied.leafHash];
}

/** Found under what they are about: its evidence needs them. */
const ABOUT_A_THING: ReadonlySet<GovernanceKind> = new Set([
  'registration',
  'rotation',
  'revocation',
  'binding',
  'calibration',
  'tap',
  'seal',
  'claim',
]);

/** The tables of one ledger and how an applied block becomes rows. One caller, one thread. */
export class LedgerStore {
  readonly db: Db;
  readonly leaves: Leaves;
  readonly packs: Packs;
  readonly fold: Fold;
  readonly tiles: Tiles;
  readonly deviceLeaves: DeviceLeaves;
  readonly events: EventIndex;
  readonly handovers: HandoverIndex;
  #batchTime = { batchLeaf: -1, logTimeMs: 0 };
  readonly ruledPacks: RuledPacks;
  readonly sensorSpans: SensorSpans;

  constructor(db: Db) {
    this.db = db;
    this.leaves = new Leaves(db);
    this.packs = new Packs(db);
    this.fold = new Fold(db);
    this.tiles = new Tiles(db);
    this.deviceLeaves = new DeviceLeaves(db);
    this.events = new EventIndex(db);
    this.handovers = new HandoverIndex(db);
    this.ruledPacks = new RuledPacks(db);
    this.sensorSpans = new SensorSpans(db);
  }

  readonly history: History = {
    find: (keyNo, seq) =>
      this.packs.leavesOf(keyNo, seq).map((leafIndex) => {
        const entry = this.leaves.entry(leafIndex);
        const parsed = entry ? parseStatement(entry) : null;
        if (!parsed?.ok) throw new Error(`leaf ${leafIndex}: ${parsed?.code ?? 'missing'}`);
        return { id: parsed.value.id, prev: parsed.value.prev, leafIndex };
      }),
  };

  loadState(): LedgerState {
    const size = this.leaves.size();
    return this.fold.load(size, this.#lastLogTimeMs());
  }

  loadTree(size: number): Tree {
    return Tree.load(size, (level, index) => {
      const tile = this.tiles.get(level, index);
      if (!tile) throw new Error(`tile ${level}/${index} is missing: run \`truegrain reindex\``);
      return tile;
    });
  }

  /** Rows of a batch: its statements in order, then the batch statement. */
  writeBatch(applied: AppliedBatch): void {
    for (const { facts, leafIndex, grade } of applied.statements) {
      this.leaves.refer(leafIndex, facts.id);
      if (isNotice(facts.entry)) this.deviceLeaves.addNotice(facts.keyNo, leafIndex);
      this.packs.add({
        leafIndex,
        keyNo: facts.keyNo,
        seq: facts.seq,
        subjectNo: this.packs.subjectNo(facts.sub),
        firstMs: facts.firstMs ?? applied.body.logTimeMs,
        lastMs: facts.lastMs ?? applied.body.logTimeMs,
        grade,
        batchLeaf: applied.leafIndex,
      });
    }
    this.leaves.refer(applied.leafIndex, applied.statement.id);
    for (const { id, code } of applied.body.refusals)
      this.fold.putRefusal(id, code, applied.leafIndex);
    for (const ruling of applied.body.rulings) this.fold.putRuling(ruling, applied.leafIndex);
    if (applied.body.rulings.length > 0) this.#markRuled(applied);
    for (const stream of applied.streams) this.fold.putStream(stream);
  }

  /** Those of the batch: a statement that was refused is in no log. */
  #markRuled({ statements, body }: AppliedBatch): void {
    const ruled = new Set(body.rulings.map(({ id }) => toHex(id)));
    for (const { facts, leafIndex } of statements) {
      const row = ruled.has(toHex(facts.id)) ? this.packs.row(leafIndex) : null;
      if (row) this.ruledPacks.add(row);
    }
  }

  writeGovernance(applied: AppliedGovernance): void {
    const { leafIndex, statement, kind, logTimeMs } = applied;
    this.leaves.refer(leafIndex, statement.id);
    this.fold.putGovernance({ leafIndex, kind, id: statement.id, logTimeMs });
    for (const key of applied.keys) this.fold.putKey(key);
    if (ABOUT_A_THING.has(kind)) this.deviceLeaves.addGovernance(statement.sub, leafIndex);
    for (const device of applied.devices) this.fold.putDevice(device);
    for (const id of applied.erased) this.fold.putErased(id, leafIndex);
    for (const stream of applied.streams) this.fold.putStream(stream);
  }

  /**
   * Content beside its leaf, and what is found by it, in the COMMIT of whoever calls. The rows of the
   * leaf and its batch are there already. `parts`: its readings by sensor, where a checking thread
   * has summed them up.
   */
  keepContent(leafIndex: number, bytes: Uint8Array, parts?: readonly SensorPart[]): void {
    // One that is here was indexed with it: sums would count it twice.
    if (this.leaves.keepContent(leafIndex, bytes)) this.indexContent(leafIndex, bytes, parts);
  }

  /** A content that came before its leaf was here: the ledger was taken over anew. */
  indexHeld(leafIndex: number): void {
    const bytes = this.leaves.content(leafIndex);
    if (bytes) this.indexContent(leafIndex, bytes);
  }

  /** What is found by a content that is here; `reindex` builds it anew so. */
  indexContent(leafIndex: number, bytes: Uint8Array, parts?: readonly SensorPart[]): void {
    const event = this.#eventAt(leafIndex, bytes);
    if (event) {
      this.events.add(event, { leafIndex, recordMs: this.logTimeOf(leafIndex) ?? 0 });
      return;
    }
    this.handovers.add(leafIndex, bytes);
    const row = this.packs.row(leafIndex);
    if (row) this.sensorSpans.add(row, parts ?? partsOf(bytes, row.firstMs));
  }

  /** Content and everything that was found by it. */
  eraseContent(leafIndex: number): void {
    const bytes = this.leaves.content(leafIndex);
    const event = bytes ? this.#eventAt(leafIndex, bytes) : null;
    if (event) this.events.remove(leafIndex, event);
    else this.handovers.remove(leafIndex);
    this.leaves.eraseContent(leafIndex);
    const row = bytes && !event ? this.packs.row(leafIndex) : null;
    if (bytes && row) this.#takeFromSums(row, partsOf(bytes, row.firstMs));
  }

  /** Log time of the batch that carried a statement; null for governance, which states its own. */
  logTimeOf(leafIndex: number): number | null {
    const batchLeaf = this.packs.row(leafIndex)?.batchLeaf;
    if (batchLeaf === undefined) return null;
    if (this.#batchTime.batchLeaf === batchLeaf) return this.#batchTime.logTimeMs;
    const entry = this.leaves.entry(batchLeaf);
    const batch = entry ? parseStatement(entry) : null;
    const body = batch?.ok ? parseBatch(batch.value.payloadBytes) : null;
    if (!body?.ok) return null;
    const { logTimeMs } = body.value;
    this.#batchTime = { batchLeaf, logTimeMs };
    return logTimeMs;
  }

  /** By its statement: a pack could begin like an event. */
  #eventAt(leafIndex: number, bytes: Uint8Array) {
    if (!mayBeCapturedEvent(bytes)) return null;
    const entry = this.leaves.entry(leafIndex);
    return entry && isEvent(entry) ? eventOf(bytes) : null;
  }

  #takeFromSums(row: PackRow, parts: readonly SensorPart[]): void {
    this.sensorSpans.remove(row, parts, (fromMs, toMs) => {
      const others = this.packs.scan({
        scope: 'key',
        no: row.keyNo,
        wide: false,
        afterMs: fromMs,
        afterLeaf: -1,
        beforeMs: toMs,
        limit: -1,
      });
      // In the order in which they were added, so that what is left is what reindex would make.
      others.sort((a, b) => a.leafIndex - b.leafIndex);
      return others.flatMap((other) => {
        const content = this.leaves.content(other.leafIndex);
        return content && other.subjectNo === row.subjectNo ? partsOf(content, other.firstMs) : [];
      });
    });
  }

  /** A frame refused with a listed code, as long as this gateway keeps it. */
  refusedFrame(id: Uint8Array): Uint8Array | null {
    const frame = this.db.prepare('SELECT frame FROM refused_frame WHERE id = ?').pluck().get(id);
    return (frame as Uint8Array | undefined) ?? null;
  }

  writeTiles(tree: Tree): void {
    for (const row of tree.takeDirty()) this.tiles.put(row);
  }

  #lastLogTimeMs(): number {
    const stream = this.db.prepare('SELECT coalesce(max(log_time_ms), 0) FROM stream').pluck();
    return stream.get() as number;
  }
}

/** None where it is no pack: boot and gap records, events. */
function partsOf(content: Uint8Array, anchorMs: number): SensorPart[] {
  const pack = parsePack(content);
  return pack.ok ? partsOfPack(pack.value, anchorMs) : [];
}
