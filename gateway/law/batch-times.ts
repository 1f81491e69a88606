import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Leaves } from '../store/leaves.ts';

/** Log times of batches, read in the order of the log: the last one is kept. */
export class BatchTimes {
  readonly #leaves: Leaves;
  #leaf = -1;
  #logTimeMs = 0;

  constructor(leaves: Leaves) {
    this.#leaves = leaves;
  }

  at(batchLeaf: number): number {
    if (batchLeaf === this.#leaf) return this.#logTimeMs;
    const entry = this.#leaves.entry(batchLeaf);
    const statement = entry ? parseStatement(entry) : null;
    const batch = statement?.ok ? parseBatch(statement.value.payloadBytes) : null;
    if (!batch?.ok) throw new Error(`leaf ${batchLeaf} is no batch`);
    this.#leaf = batchLeaf;
    this.#logTimeMs = batch.value.logTimeMs;
    return this.#logTimeMs;
  }
}
