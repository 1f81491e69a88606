import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import type { Db, Query } from '../store/database.ts';
import type { OwnLog } from './own-log.ts';
import type { Tip } from './signed-tip.ts';

/** Checkpoints of trees at most this much smaller are kept: all of them would grow without end. */
const LEAVES_BEHIND_MAX = 1_000;
const HELD_MAX = 16;

/** The checkpoints that this member showed, in its store. */
export class ShownCheckpoints {
  readonly #insert: Query;
  readonly #prune: Query;
  readonly #held: Query;
  readonly #last: Query;

  constructor(db: Db) {
    this.#insert = db.prepare('INSERT OR REPLACE INTO checkpoint VALUES (?, ?)');
    this.#prune = db.prepare('DELETE FROM checkpoint WHERE size < ?');
    this.#held = db
      .prepare('SELECT note FROM checkpoint WHERE size >= ? ORDER BY size LIMIT ?')
      .pluck();
    this.#last = db.prepare('SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1').pluck();
  }

  /** On disk before anybody sees it; a crash leaves the signed tip and no row. */
  add({ size, note }: Tip): void {
    this.#insert.run(size, note);
    this.#prune.run(size - LEAVES_BEHIND_MAX);
  }

  /** Of trees at least this large, the nearest first: what members stood by. */
  held(size: number): string[] {
    return this.#held.all(size, HELD_MAX) as string[];
  }

  /** The newest one of this tree. `signedTip` is one that may have been shown without a row. */
  newest(tree: OwnLog, signedTip: Tip | null): Tip | null {
    const row = this.#last.get();
    const shown = typeof row === 'string' ? tipOf(row) : null;
    const kept = [shown, signedTip].filter((one) => one !== null);
    const own = kept.filter(
      ({ size, root }) => size <= tree.size() && equal(tree.root(size), root),
    );
    return own.reduce<Tip | null>((a, b) => (!a || b.size > a.size ? b : a), null);
  }
}

/** What a checkpoint's text says; null for none. */
export function tipOf(text: string): Tip | null {
  const note = parseNote(text);
  const body = note.ok ? parseCheckpointBody(note.value.text) : note;
  return body.ok ? { size: body.value.size, root: body.value.root, note: text } : null;
}
