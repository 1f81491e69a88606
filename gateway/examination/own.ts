import type { Own } from '@truegrain/device-sdk/formats/examination.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import type { ReadContext } from '../reads/read-context.ts';
import { DAY_MS } from './log-time.ts';

export const CHECKPOINTS_EXAMINED = 1_000;
export const EXPIRES_SOON_MS = 30 * DAY_MS;

export interface Expiring {
  /** Which key or certificate, in words. */
  readonly role: string;
  readonly notAfterMs: number;
}

export interface OwnSources {
  readonly reads: ReadContext;
  /** The own member. */
  readonly iss: string;
  readonly expiring: () => readonly Expiring[];
  /** Against the chain's time, a median over the members; null where there is none. */
  readonly clockOffsetMs: () => number | null;
}

/** What a member can only say of itself: nobody else sees its disk, its certificates or its clock. */
export function ownReport({ reads, iss, expiring, clockOffsetMs }: OwnSources): Own {
  const { store, state, nowMs } = reads;
  const unheld = store.db.prepare('SELECT count(*) FROM wanted_content').pluck().get();
  const soonMs = nowMs() + EXPIRES_SOON_MS;
  const offset = clockOffsetMs();
  return {
    clockOffsetMs: offset === null ? null : Math.max(-DAY_MS, Math.min(DAY_MS, offset)),
    expiring: expiring()
      .filter(({ notAfterMs }) => notAfterMs < soonMs)
      .map(({ role, notAfterMs }) => `${role}: ${new Date(notAfterMs).toISOString()}`),
    ...cosignedCounts(reads, iss, state().membership?.members ?? new Map()),
    unheld: unheld as number,
  };
}

/** By the lines of the stored notes, which were verified before they were stored. */
function cosignedCounts(
  { store }: ReadContext,
  own: string,
  members: ReadonlyMap<string, { readonly cosignerName: string }>,
): Pick<Own, 'cosigned' | 'anchored'> {
  const others = [...members].filter(([iss]) => iss !== own);
  const counts = new Map(others.map(([iss]) => [iss, 0]));
  const notes = store.db
    .prepare('SELECT note FROM checkpoint ORDER BY size DESC LIMIT ?')
    .pluck()
    .all(CHECKPOINTS_EXAMINED) as string[];
  for (const note of notes) {
    const parsed = parseNote(note);
    if (!parsed.ok) throw new Error(`a stored checkpoint is no note: ${parsed.code}`);
    const names = new Set(parsed.value.signatures.map(({ name }) => name));
    for (const [iss, { cosignerName }] of others) {
      if (names.has(cosignerName)) counts.set(iss, (counts.get(iss) ?? 0) + 1);
    }
  }
  const cosigned = [...counts].map(([iss, count]) => ({ iss, count }));
  return { cosigned, anchored: notes.length };
}
