import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Refused } from './http/backend.ts';
import type { Ledger } from './ledger/ledger.ts';

const DAY_MS = 86_400_000;

/**
 * Why the content of a statement may not be erased yet; null where it may. The term of the charter
 * runs from the log time at which its batch was committed, or listed it as refused.
 */
export function retentionRefusal(
  { store, state }: Pick<Ledger, 'store' | 'state'>,
  id: Uint8Array,
  nowMs: number,
): Refused | null {
  const leafIndex = store.leaves.find(id);
  const row = leafIndex === null ? null : store.packs.row(leafIndex);
  const batchLeaf = row?.batchLeaf ?? store.fold.refusal(id)?.batchLeaf ?? null;
  if (batchLeaf === null) {
    if (leafIndex === null) return refused('not_found', `no statement ${toHex(id)}`);
    return refused('retained', `${toHex(id)} is no device statement: nothing lies beside it`);
  }
  const termMs = (state.charter?.retentionDays ?? 0) * DAY_MS;
  const endMs = batchTimeMs(store.leaves.entry(batchLeaf)) + termMs;
  if (nowMs >= endMs) return null;
  return refused('retained', `${toHex(id)} is kept until ${new Date(endMs).toISOString()}`);
}

function batchTimeMs(entry: Uint8Array | null): number {
  const statement = entry ? parseStatement(entry) : null;
  const batch = statement?.ok ? parseBatch(statement.value.payloadBytes) : null;
  if (!batch?.ok) throw new Error('a device statement without its batch');
  return batch.value.logTimeMs;
}

function refused(code: string, detail: string): Refused {
  return { ok: false, code, detail };
}
