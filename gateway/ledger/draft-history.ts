import type { AppliedBatch } from './apply-batch.ts';
import type { History } from './state.ts';

type Known = ReturnType<History['find']>[number];

/** The history before a block, and what the block's own batches added so far. */
export class DraftHistory implements History {
  readonly #before: History;
  readonly #added: AppliedBatch[] = [];
  readonly #indexed = new Map<string, Known[]>();
  #indexedUpTo = 0;

  constructor(before: History) {
    this.#before = before;
  }

  add(batch: AppliedBatch): void {
    this.#added.push(batch);
  }

  find(keyNo: number, seq: number): readonly Known[] {
    const before = this.#before.find(keyNo, seq);
    const added = this.#index().get(`${keyNo}:${seq}`);
    return added ? [...before, ...added] : before;
  }

  /** At the first look back; most blocks have one batch and take none. */
  #index(): ReadonlyMap<string, Known[]> {
    for (const { statements } of this.#added.slice(this.#indexedUpTo)) {
      for (const { facts, leafIndex } of statements) {
        const place = `${facts.keyNo}:${facts.seq}`;
        const known = this.#indexed.get(place) ?? [];
        this.#indexed.set(place, [...known, { id: facts.id, prev: facts.prev, leafIndex }]);
      }
    }
    this.#indexedUpTo = this.#added.length;
    return this.#indexed;
  }
}
