import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { statementAt } from '../reads/breaches.ts';
import type { ReadContext } from '../reads/read-context.ts';

export const DAY_MS = 86_400_000;

/** Log time of the statement that put a leaf there: governance its own, device statements their batch's. */
export function logTimeAt(context: ReadContext, leafIndex: number): number {
  const { store } = context;
  const [governance] = store.fold.governanceFrom(leafIndex, 1);
  if (governance?.leafIndex === leafIndex) return governance.logTimeMs;
  const batchLeaf = store.packs.row(leafIndex)?.batchLeaf ?? leafIndex;
  const statement = statementAt(context, batchLeaf);
  const batch = statement ? parseBatch(statement.payloadBytes) : null;
  if (!batch?.ok) throw new Error(`leaf ${leafIndex} has no log time`);
  return batch.value.logTimeMs;
}

/** Whether the leaves before `size` are whole batches: the rest of one is not in any first leaves. */
export function isBoundary({ store, state }: ReadContext, size: number): boolean {
  return size >= 1 && size <= state().size && store.packs.row(size - 1) === null;
}

/** Beginning of the period in which a log time lies: every member reckons the same one. */
export function periodStart(logTimeMs: number, examinationDays: number): number {
  const periodMs = examinationDays * DAY_MS;
  return Math.floor(logTimeMs / periodMs) * periodMs;
}

/**
 * Leaves from before the present period, which is that of the newest leaf: log time never decreases
 * (SPEC §4), so no leaf to come can change them, and all members examine the same ones. Null while
 * the ledger is younger than that.
 */
export function examinationSize(context: ReadContext, examinationDays: number): number | null {
  const { size } = context.state();
  if (size === 0) return null;
  const startMs = periodStart(logTimeAt(context, size - 1), examinationDays);
  let low = 0;
  let high = size - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (logTimeAt(context, middle) < startMs) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low;
}
