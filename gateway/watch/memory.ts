import { readFileSync } from 'node:fs';
import { type Checkpoint, parseCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import { type Seen, seen, unseen } from '../conformance/seen.ts';
import { writeDurably } from '../store/durable-files.ts';

const FORMAT = 'truegrain-watch@1';
const FILE_BYTES_MAX = 1_048_576;

/** The newest checkpoint that an auditor believed, and when it was first shown one of that size. */
export interface Remembered {
  /** Verbatim: a signed note is what convicts whoever signs another history. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** By the auditor's own clock, epoch ms. */
  readonly seenMs: number;
}

/**
 * What an earlier look left; null where there was none. A file that says nothing readable is a
 * refusal and never an empty memory: who can damage it must not be able to make it forget.
 */
export function readMemory(file: string): Seen<Remembered | null> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? seen(null) : unseen('malformed', `can't be read: ${code}`);
  }
  if (bytes.length > FILE_BYTES_MAX) return unseen('malformed', `${bytes.length} bytes`);
  return rememberedOf(bytes.toString('utf8'));
}

function rememberedOf(text: string): Seen<Remembered> {
  let json: { format?: unknown; note?: unknown; seenMs?: unknown } | null;
  try {
    json = JSON.parse(text) as typeof json;
  } catch {
    return unseen('malformed', 'not JSON');
  }
  const { format, note: noteText, seenMs } = json ?? {};
  if (format !== FORMAT || typeof noteText !== 'string' || !Number.isSafeInteger(seenMs)) {
    return unseen('malformed', `not of the format ${FORMAT}`);
  }
  const note = parseNote(noteText);
  const checkpoint = note.ok ? parseCheckpointBody(note.value.text) : note;
  if (!checkpoint.ok) return unseen('malformed', checkpoint.detail);
  return seen({ note: noteText, checkpoint: checkpoint.value, seenMs: seenMs as number });
}

/** write → fsync → rename → fsync of the folder: a crash leaves the older memory or the newer one. */
export function writeMemory(file: string, { note, seenMs }: Remembered): void {
  writeDurably(file, `${JSON.stringify({ format: FORMAT, seenMs, note }, null, 2)}\n`);
}
