import { equal, toHex } from '../formats/bytes.ts';
import type { EntryRow } from './entry.ts';
import type { QueueState } from './queue-state.ts';
import type { SegmentStore } from './segment-store.ts';

/** Ids of frames handed out lately: answers come for these, in this session. */
const HINTS_MAX = 4096;

/** From statement ids to the live entries they name, without an index of all ids in memory. */
export class PositionFinder {
  readonly #store: SegmentStore;
  readonly #state: QueueState;
  readonly #hints = new Map<string, number>();

  constructor(store: SegmentStore, state: QueueState) {
    this.#store = store;
    this.#state = state;
  }

  hint(row: EntryRow): void {
    this.#hints.set(toHex(row.id), row.position);
    for (const oldest of this.#hints.keys()) {
      if (this.#hints.size <= HINTS_MAX) return;
      this.#hints.delete(oldest);
    }
  }

  /** Positions by id in hex; a released or unknown id has none. */
  find(ids: readonly Uint8Array[]): Map<string, number> {
    const found = new Map<string, number>();
    const wanted = new Map<number, Uint8Array[]>();
    for (const id of ids) {
      const hinted = this.#hints.get(toHex(id));
      if (hinted === undefined) wanted.set(prefix(id), [...(wanted.get(prefix(id)) ?? []), id]);
      else if (this.#isLive(id, hinted)) found.set(toHex(id), hinted);
    }
    if (wanted.size > 0) this.#search(wanted, found, ids.length);
    return found;
  }

  /** A hint may be older than an eviction. */
  #isLive(id: Uint8Array, position: number): boolean {
    if (this.#state.released.has(position)) return false;
    const segment = this.#store
      .segments()
      .find((one) => one.firstPosition <= position && position < one.endPosition);
    if (segment === undefined) return false;
    const rows = this.#store.rowsOf(segment);
    const index = rows.indexOf(position);
    return index >= 0 && equal(rows.id(index), id);
  }

  #search(wanted: Map<number, Uint8Array[]>, found: Map<string, number>, enough: number): void {
    for (const segment of this.#store.segments()) {
      const rows = this.#store.rowsOf(segment);
      for (let i = 0; i < rows.count; i++) {
        const id = rows.id(i);
        if (!wanted.get(prefix(id))?.some((one) => equal(one, id))) continue;
        if (!this.#state.released.has(rows.position(i))) found.set(toHex(id), rows.position(i));
      }
      if (found.size === enough) return;
    }
  }
}

/** Ids are hashes: their first four bytes tell nearly all of them apart. */
const prefix = (id: Uint8Array) =>
  ((id[0] ?? 0) << 24) | ((id[1] ?? 0) << 16) | ((id[2] ?? 0) << 8) | (id[3] ?? 0);
