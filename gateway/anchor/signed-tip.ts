import { readFileSync } from 'node:fs';
import { parseCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import { writeDurably } from '../store/durable-files.ts';

export interface Tip {
  size: number;
  root: Uint8Array;
  note: string;
}

/**
 * The newest checkpoint this member ever signed, outside the database: `restore` does not touch it,
 * so a ledger set back to an old backup is caught before it signs a second history (DESIGN §7).
 */
export class SignedTip {
  readonly #files: readonly string[];

  /** `files`: one beside the store, and any copies the operator keeps on other disks. */
  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** What every copy that is there says; a missing one (a disk not mounted) says nothing. */
  all(): Tip[] {
    return this.#files.flatMap((file) => readTip(file) ?? []);
  }

  newest(): Tip | null {
    return this.all().reduce<Tip | null>(
      (newest, tip) => (!newest || tip.size > newest.size ? tip : newest),
      null,
    );
  }

  /**
   * A crash leaves the old file or the new one; the old one is repaired by signing the same root
   * again, which shows nothing new to anybody.
   */
  keep(note: string): void {
    for (const file of this.#files) writeDurably(file, note);
  }
}

function readTip(file: string): Tip | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
  const note = parseNote(text);
  const body = note.ok ? parseCheckpointBody(note.value.text) : note;
  if (!body.ok) throw new Error(`${file} is damaged (${body.code}); restore it from its copy`);
  return { size: body.value.size, root: body.value.root, note: text };
}
