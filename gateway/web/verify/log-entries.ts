// Entries of the log from its entry bundles (C2SP tlog-tiles), read in the browser.

import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { statementKind } from '@truegrain/device-sdk/formats/evidence-summary.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import {
  parseEntryBundle,
  TILE_WIDTH_MAX,
  tilePath,
  tileWidth,
} from '@truegrain/device-sdk/formats/tiles.js';
import { type Answer, type Asking, getBytes } from '../api/client.ts';

export interface LogEntry {
  readonly leafIndex: number;
  /** Of the statement, hex. */
  readonly id: string;
  readonly leafHash: string;
  readonly kind: string;
  readonly issuer: string;
  readonly subject: string;
  readonly seq: number;
  readonly iatS: number;
  readonly block: Block | null;
}

/** What a batch statement says of itself. */
export interface Block {
  readonly count: number;
  readonly logTimeMs: number;
  readonly refusals: number;
  readonly rulings: number;
  readonly batchRoot: string;
}

/** A batch has 1,024 statements at most: its own statement is in one of the next bundles. */
const BUNDLES_AHEAD_MAX = 5;

/** The bundle of a leaf in the tree of `size`. */
export async function entriesBeside(
  leafIndex: number,
  { size, ...asking }: Asking & { size: number },
): Promise<Answer<LogEntry[]>> {
  const index = Math.floor(leafIndex / TILE_WIDTH_MAX);
  const width = tileWidth({ level: 0, index, size });
  if (width === 0) return { ok: true, value: [] };
  const path = `/log/${tilePath({ level: 'entries', index, width })}`;
  const bundle = await getBytes(path, asking);
  if (!bundle.ok) return bundle;
  const entries = parseEntryBundle(bundle.value, width);
  if (!entries.ok) return { ok: false, failure: { kind: 'refused', detail: entries.detail } };
  const first = index * TILE_WIDTH_MAX;
  return { ok: true, value: entries.value.flatMap((entry, i) => readEntry(entry, first + i)) };
}

/** The block that a leaf is in, its batch statement last; only the leaf itself where no batch has it. */
export async function blockOf(
  leafIndex: number,
  asking: Asking & { size: number },
): Promise<Answer<LogEntry[]>> {
  const entries: LogEntry[] = [];
  const first = Math.floor(leafIndex / TILE_WIDTH_MAX) * TILE_WIDTH_MAX;
  for (let ahead = 0; ahead < BUNDLES_AHEAD_MAX; ahead++) {
    const at = first + ahead * TILE_WIDTH_MAX;
    if (at >= asking.size) break;
    const bundle = await entriesBeside(at, asking);
    if (!bundle.ok) return bundle;
    entries.push(...bundle.value);
    const batch = entries.find((entry) => entry.leafIndex >= leafIndex && entry.block !== null);
    if (batch !== undefined) return wholeBlock(batch, leafIndex, { entries, asking });
  }
  return { ok: true, value: entries.filter((entry) => entry.leafIndex === leafIndex) };
}

async function wholeBlock(
  batch: LogEntry,
  leafIndex: number,
  known: { entries: LogEntry[]; asking: Asking & { size: number } },
): Promise<Answer<LogEntry[]>> {
  const start = batch.leafIndex - (batch.block?.count ?? 0);
  const { entries, asking } = known;
  if (leafIndex < start) {
    return { ok: true, value: entries.filter((entry) => entry.leafIndex === leafIndex) };
  }
  while ((entries[0]?.leafIndex ?? 0) > start) {
    const before = await entriesBeside((entries[0]?.leafIndex ?? 1) - 1, asking);
    if (!before.ok) return before;
    entries.unshift(...before.value);
  }
  const inside = (entry: LogEntry) =>
    entry.leafIndex >= start && entry.leafIndex <= batch.leafIndex;
  return { ok: true, value: entries.filter(inside) };
}

/** Batch statements among the newest entries, newest first. */
export async function newestBlocks(asking: Asking & { size: number }): Promise<Answer<LogEntry[]>> {
  const last = await entriesBeside(asking.size - 1, asking);
  if (!last.ok) return last;
  const first = last.value[0]?.leafIndex ?? 0;
  const before = first === 0 ? null : await entriesBeside(first - 1, asking);
  const all = [...(before?.ok ? before.value : []), ...last.value];
  return { ok: true, value: all.filter(({ block }) => block !== null).reverse() };
}

/** An entry that is no statement of ours has nothing to show here. */
function readEntry(entry: Uint8Array, leafIndex: number): LogEntry[] {
  const parsed = parseStatement(entry);
  if (!parsed.ok) return [];
  const statement = parsed.value;
  const { id, iss: issuer, sub: subject, seq, iat: iatS } = statement;
  const kind = statementKind(statement);
  const block = kind === 'batch' ? blockIn(statement) : null;
  const hash = toHex(leafHash(entry));
  return [{ leafIndex, id: toHex(id), leafHash: hash, kind, issuer, subject, seq, iatS, block }];
}

function blockIn({ payloadBytes }: Statement): Block | null {
  const batch = parseBatch(payloadBytes);
  if (!batch.ok) return null;
  const { count, logTimeMs, refusals, rulings, batchRoot } = batch.value;
  return {
    count,
    logTimeMs,
    refusals: refusals.length,
    rulings: rulings.length,
    batchRoot: toHex(batchRoot),
  };
}
