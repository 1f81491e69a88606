import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Leaves } from '../store/leaves.ts';

/** What a batch says of itself. */
export interface BatchHead {
  /** The organisation whose gateway attests it. */
  readonly iss: string;
  readonly logTimeMs: number;
  /** Log size whose state it was judged against, and the leaf of its first statement. */
  readonly judgedAt: number;
  readonly firstLeaf: number;
}

const KEPT_MAX = 256;

/** Heads of batches by leaf; the newest read are kept. */
export class BatchHeads {
  readonly #leaves: Leaves;
  readonly #known = new Map<number, BatchHead>();

  constructor(leaves: Leaves) {
    this.#leaves = leaves;
  }

  at(batchLeaf: number): BatchHead {
    const known = this.#known.get(batchLeaf);
    if (known) return known;
    const entry = this.#leaves.entry(batchLeaf);
    const statement = entry ? parseStatement(entry) : null;
    const batch = statement?.ok ? parseBatch(statement.value.payloadBytes) : null;
    if (!statement?.ok || !batch?.ok) throw new Error(`leaf ${batchLeaf} is no batch`);
    const { logTimeMs, judgedAt, count } = batch.value;
    const { iss } = statement.value;
    const head = { iss, logTimeMs, judgedAt, firstLeaf: batchLeaf - count };
    if (this.#known.size >= KEPT_MAX) this.#known.clear();
    this.#known.set(batchLeaf, head);
    return head;
  }
}
