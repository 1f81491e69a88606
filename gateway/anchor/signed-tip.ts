import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';

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

  /** The largest of all copies that can be read. */
  newest(): { size: number; root: Uint8Array; note: string } | null {
    let newest: { size: number; root: Uint8Array; note: string } | null = null;
    for (const file of this.#files) {
      const tip = readTip(file);
      if (tip && (!newest || tip.size > newest.size)) newest = tip;
    }
    return newest;
  }

  /**
   * write, fsync, rename, fsync of the folder. A crash leaves the old file or the new one; the old
   * one is repaired by signing the same root again, which shows nothing new to anybody.
   */
  keep(note: string): void {
    for (const file of this.#files) {
      const temporary = `${file}.new`;
      const fd = openSync(temporary, 'w', 0o600);
      writeSync(fd, note);
      fsyncSync(fd);
      closeSync(fd);
      renameSync(temporary, file);
      const folder = openSync(dirname(file), 'r');
      fsyncSync(folder);
      closeSync(folder);
    }
  }
}

function readTip(file: string): { size: number; root: Uint8Array; note: string } | null {
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
