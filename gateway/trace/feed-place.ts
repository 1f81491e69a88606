// Where a reader of findings is: the cursor of `GET /v1/findings` and the id of a server-sent event.
import type { DuePlace } from '../handover/due-halves.ts';

/** Between two findings. */
export interface FeedPlace {
  readonly leafIndex: number;
  /** Of the findings of that leaf, the first behind the place. */
  readonly slot: number;
  /** Halves before it were told if they were missing; null: whatever is due by now was. */
  readonly due: DuePlace | null;
}

const CURSOR = /^(\d{1,15})\.(\d{1,5})(?:\.(\d{1,16})\.(\d{1,15})\.(\d{1,5}))?$/;

export function parsePlace(text: string): FeedPlace | null {
  const found = CURSOR.exec(text);
  if (!found) return null;
  const [leafIndex = 0, slot = 0, ms, dueLeaf = 0, part = 0] = found
    .slice(1)
    .map((digits) => (digits === undefined ? undefined : Number(digits)));
  return {
    leafIndex,
    slot,
    due: ms === undefined ? null : { ms, leafIndex: dueLeaf, part },
  };
}

export function formatPlace({ leafIndex, slot, due }: FeedPlace): string {
  const place = `${leafIndex}.${slot}`;
  return due === null ? place : `${place}.${due.ms}.${due.leafIndex}.${due.part}`;
}
