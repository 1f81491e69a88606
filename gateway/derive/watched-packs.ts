import type { LedgerState } from '../ledger/state.ts';
import { deviceKeysOf } from '../reads/read-context.ts';
import type { Db, Query } from '../store/database.ts';

/** Rows read at one time: a store that catches up gets many in one go. */
const ROWS_MAX = 4_096;

interface Row {
  readonly leafIndex: number;
  readonly keyNo: number;
}

/** Which leaves are packs of the configured devices: the new ones, and those from a leaf on. */
export class WatchedPacks {
  readonly #state: () => LedgerState;
  readonly #fresh: Query;
  readonly #ofKey: Query;
  /** By device, the names of its settings. */
  readonly #settings: ReadonlyMap<string, readonly string[]>;
  readonly #deviceOf: ReadonlyMap<string, string>;
  /** Leaves below it were looked at. */
  #size: number;

  constructor(
    db: Db,
    options: { state: () => LedgerState; settings: readonly { name: string; device: string }[] },
  ) {
    const { state, settings } = options;
    this.#state = state;
    this.#size = state().size;
    this.#deviceOf = new Map(settings.map(({ name, device }) => [name, device]));
    const byDevice = new Map<string, string[]>();
    for (const { name, device } of settings) {
      byDevice.set(device, [...(byDevice.get(device) ?? []), name]);
    }
    this.#settings = byDevice;
    this.#fresh = db.prepare(
      `SELECT leaf_index AS leafIndex, key_no AS keyNo FROM pack
       WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index LIMIT ?`,
    );
    // The index of the key holds the leaf too: nothing else of the log is read.
    this.#ofKey = db
      .prepare(
        `SELECT leaf_index FROM pack INDEXED BY pack_seq
         WHERE key_no = ? AND leaf_index >= ? AND leaf_index < ?`,
      )
      .pluck();
  }
  /** Since it was asked last, in log order. */
  *fresh(): IterableIterator<{ setting: string; leafIndex: number }> {
    const { size, keys } = this.#state();
    while (this.#size < size) {
      const rows = this.#fresh.all(this.#size, size, ROWS_MAX) as Row[];
      const last = rows.at(-1);
      this.#size = rows.length < ROWS_MAX || !last ? size : last.leafIndex + 1;
      for (const { leafIndex, keyNo } of rows) {
        const names = this.#settings.get(keys[keyNo]?.iss ?? '') ?? [];
        for (const setting of names) yield { setting, leafIndex };
      }
    }
  }

  /** Of a setting's device, whatever key signed them, up to what `fresh` told of. */
  from(setting: string, leafIndex: number): number[] {
    const keys = deviceKeysOf(this.#state(), this.#deviceOf.get(setting) ?? '');
    const leaves = keys.flatMap(({ no }) => this.#ofKey.all(no, leafIndex, this.#size) as number[]);
    return leaves.sort((a, b) => a - b);
  }
}
