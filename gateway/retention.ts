import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { suspensionOf } from '@truegrain/device-sdk/formats/law-orders.js';
import { NO_LAW, profileOf } from '@truegrain/device-sdk/formats/law-state.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Refused } from './http/backend.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LedgerState } from './ledger/state.ts';
import type { PackRow } from './store/packs.ts';

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
  const about = { device: row && state.keys[row.keyNo]?.iss, row };
  const held = holdOf({ store, state }, about);
  if (held !== null) return refused('retained', `${toHex(id)} is evidence: held by order ${held}`);
  const termMs = termDays(state, about.device ?? null) * DAY_MS;
  const endMs = batchTimeMs(store.leaves.entry(batchLeaf)) + termMs;
  if (nowMs >= endMs) return null;
  return refused('retained', `${toHex(id)} is kept until ${new Date(endMs).toISOString()}`);
}

/** The longer of the charter's term and that of the industry profile the device is bound to. */
function termDays({ charter, membership }: LedgerState, device: string | null): number {
  const law = membership?.law ?? NO_LAW;
  const bound = device === null ? null : profileOf(law, device);
  const profile = bound === null ? undefined : law.profiles.get(bound)?.profile;
  return Math.max(charter?.retentionDays ?? 0, profile?.retentionDays ?? 0);
}

/** The order under which a suspended device's, or an annotated thing's, contents are evidence. */
function holdOf(
  { store, state }: Pick<Ledger, 'store' | 'state'>,
  { device, row }: { device: string | null | undefined; row: PackRow | null },
): string | null {
  const law = state.membership?.law ?? NO_LAW;
  const byDevice = device ? law.suspendedDevices.get(device) : undefined;
  if (byDevice !== undefined || row === null) return byDevice ?? null;
  const id = store.packs.subjectText(row.subjectNo);
  return suspensionOf(law, { kind: 'subject', id });
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
