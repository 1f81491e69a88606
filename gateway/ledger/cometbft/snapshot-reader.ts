import { setImmediate as turn } from 'node:timers/promises';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { Proofs } from '../../log/proofs.ts';
import { Rebuild } from '../../log/rebuild.ts';
import { type BlockPosition, BlockRow } from '../../store/block-row.ts';
import type { Db, Query } from '../../store/database.ts';
import { CONTENT_TABLES, FOLD_TABLES } from '../../store/schema.ts';
import { Wanted } from '../../store/wanted.ts';
import { digestOfEntry } from '../facts.ts';
import type { Applied } from '../replay.ts';
import {
  ResponseApplySnapshotChunk_Result as ChunkResult,
  ResponseOfferSnapshot_Result as OfferResult,
  type RequestApplySnapshotChunk,
  type RequestOfferSnapshot,
} from './proto/tendermint/abci/types_pb.ts';
import {
  CHUNK_LEAVES,
  chunkRange,
  parseChunk,
  parseSnapshotIndex,
  SNAPSHOT_FORMAT,
  type SnapshotIndex,
} from './snapshot-format.ts';

/** Other calls are served in between. */
const LEAVES_A_TURN = 512;

export interface JoinProgress {
  leaves: number;
  size: number;
}

/**
 * Takes over a ledger from other members' snapshots: entries chunk by chunk, folded as they come.
 * The root vouches for what they are; signatures were checked by those who voted, and `fsck` checks
 * them again. A crash leaves whole chunks of entries; they are folded again and not fetched again.
 */
export class SnapshotReader {
  readonly #db: Db;
  readonly #row: BlockRow;
  readonly #insert: Query;
  readonly #wanted: Wanted;
  readonly #onProgress: (progress: JoinProgress) => void;
  readonly #onWrongChunk: (sender: string, detail: string) => void;
  /** A checkpoint that enough members cosigned; the log must pass through it. */
  readonly #pinned: { size: number; root: Uint8Array };
  readonly #isBeginning: (tree: { size: number; root: Uint8Array }) => Promise<boolean>;
  #rebuild: Rebuild | null = null;
  /** Leaves stored and folded. */
  #leaves = 0;
  #offered: { index: SnapshotIndex; height: number; appHash: Uint8Array } | null = null;

  constructor(options: {
    db: Db;
    pinned: { size: number; root: Uint8Array };
    /** Whether the pinned tree extends this smaller one. */
    isBeginning: (tree: { size: number; root: Uint8Array }) => Promise<boolean>;
    onProgress: (progress: JoinProgress) => void;
    /** `sender`: p2p node id of the member that sent it. */
    onWrongChunk: (sender: string, detail: string) => void;
  }) {
    this.#db = options.db;
    this.#row = new BlockRow(options.db);
    this.#insert = options.db.prepare('INSERT INTO leaf VALUES (?, ?)');
    this.#wanted = new Wanted(options.db);
    this.#pinned = options.pinned;
    this.#isBeginning = options.isBeginning;
    this.#onProgress = options.onProgress;
    this.#onWrongChunk = options.onWrongChunk;
  }

  /** What an interrupted join left: entries in whole chunks, of which the tables are made again. */
  async resume(): Promise<void> {
    for (const table of [...FOLD_TABLES, ...CONTENT_TABLES]) this.#db.exec(`DELETE FROM ${table}`);
    const read = this.#db.prepare('SELECT entry FROM leaf WHERE leaf_index = ?').pluck();
    const count = this.#db.prepare('SELECT count(*) FROM leaf').pluck().get() as number;
    const whole = count - (count % CHUNK_LEAVES);
    this.#db.prepare('DELETE FROM leaf WHERE leaf_index >= ?').run(whole);
    this.#rebuild = new Rebuild(this.#db, {
      entryAt: (leafIndex) => (read.get(leafIndex) as Uint8Array | undefined) ?? null,
      checksSignatures: false,
    });
    for (let start = 0; start < whole; start += CHUNK_LEAVES) {
      const range = this.#db
        .prepare('SELECT entry FROM leaf WHERE leaf_index >= ? ORDER BY leaf_index LIMIT ?')
        .pluck();
      const fault = await this.#fold(range.all(start, CHUNK_LEAVES) as Uint8Array[], false);
      if (fault) throw new Error(`the stored entries do not fold: ${fault}`);
    }
  }

  /** Height and root of a ledger that is here whole; null before. */
  position(): BlockPosition | null {
    return this.#row.read();
  }

  async offer({ snapshot, appHash }: RequestOfferSnapshot) {
    if (!snapshot || snapshot.format !== SNAPSHOT_FORMAT) {
      return { result: OfferResult.REJECT_FORMAT };
    }
    const index = parseSnapshotIndex(snapshot.metadata, appHash);
    if (!index.ok) return { result: OfferResult.REJECT };
    const { size } = index.value;
    // Older than the checkpoint: it has to be its beginning.
    if (size < this.#pinned.size && !(await this.#isBeginning({ size, root: appHash }))) {
      return { result: OfferResult.REJECT };
    }
    this.#offered = {
      index: index.value,
      height: Number(snapshot.height),
      appHash: appHash.slice(),
    };
    return { result: OfferResult.ACCEPT };
  }

  async apply({ index: i, chunk, sender }: RequestApplySnapshotChunk) {
    if (!this.#offered) return { result: ChunkResult.ABORT };
    const { index } = this.#offered;
    const { start, end } = chunkRange(i, index.size);
    if (end <= this.#leaves) return { result: ChunkResult.ACCEPT };
    const entries = parseChunk(chunk);
    const wanted = index.roots[i];
    const isRight =
      entries?.length === end - start && wanted && equal(rootOf(entries.map(leafHash)), wanted);
    if (!entries || !isRight || start !== this.#leaves) {
      this.#onWrongChunk(sender, `chunk ${i} is not leaves ${start} to ${end - 1} of this log`);
      return { result: ChunkResult.RETRY, refetchChunks: [i], rejectSenders: [sender] };
    }
    const fault = await this.#fold(entries, true);
    if (fault) throw new Error(`the ledger at the verified app hash does not fold: ${fault}`);
    this.#onProgress({ leaves: this.#leaves, size: index.size });
    if (this.#leaves === index.size) this.#finish();
    return { result: ChunkResult.ACCEPT };
  }

  /** One COMMIT a chunk: entries and what they fold to. */
  async #fold(entries: readonly Uint8Array[], isNew: boolean): Promise<string | null> {
    const rebuild = this.#rebuild;
    if (!rebuild) throw new Error('resume() comes first');
    for (let at = 0; at < entries.length; at += LEAVES_A_TURN) {
      const some = entries.slice(at, at + LEAVES_A_TURN);
      this.#db.exec('BEGIN IMMEDIATE');
      for (const entry of some) {
        if (isNew) this.#insert.run(this.#leaves, entry);
        this.#leaves += 1;
        const replayed = rebuild.push(entry);
        if (replayed.kind === 'applied') this.#want(replayed.applied, rebuild);
        if (replayed.kind !== 'fault') continue;
        this.#db.exec('ROLLBACK');
        return `leaf ${this.#leaves - 1}: ${replayed.fault.code}: ${replayed.fault.detail}`;
      }
      this.#db.exec('COMMIT');
      await turn();
    }
    return null;
  }

  /** A snapshot is entries alone; contents are asked of their owners, who say what is sealed. */
  #want(applied: Applied, { store }: Rebuild): void {
    if (applied.kind === 'batch') {
      for (const { facts, leafIndex } of applied.statements) {
        const digest = digestOfEntry(facts.entry);
        if (store.leaves.holdsContent(leafIndex, digest)) store.indexHeld(leafIndex);
        else this.#wanted.add({ leafIndex, digest, owner: applied.key.iss });
      }
      return;
    }
    for (const id of applied.erased) {
      const leafIndex = store.leaves.find(id);
      if (leafIndex !== null) this.#wanted.done(leafIndex);
    }
  }

  /** The height is written last: without it the next start joins again, from the entries it has. */
  #finish(): void {
    const rebuild = this.#rebuild;
    const { height, appHash } = this.#offered ?? {};
    if (!rebuild || height === undefined || !appHash) throw new Error('nothing was offered');
    const open = rebuild.end();
    if (open) throw new Error(`${open.code}: ${open.detail}`);
    if (!equal(rebuild.tree.root(), appHash)) throw new Error('the folded root is another');
    this.#assertPassesThroughPinned(rebuild);
    this.#row.write({ height, appHash });
  }

  #assertPassesThroughPinned({ store, tree }: Rebuild): void {
    const { size, root } = this.#pinned;
    if (size > tree.size) return; // proved when it was offered
    const proofs = new Proofs((level, index) => store.tiles.get(level, index));
    if (!equal(proofs.root(size), root)) {
      throw new Error(`the log does not pass through the cosigned checkpoint of size ${size}`);
    }
  }
}
