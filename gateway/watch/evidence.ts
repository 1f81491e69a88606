import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { writeDurably } from '../store/durable-files.ts';
import type { AlarmKind } from './alarm.ts';

/** Two checkpoints that one log signed and that speak against each other. */
export interface Contradiction {
  readonly kind: AlarmKind;
  readonly words: string;
  /** Signed notes, verbatim. */
  readonly remembered: string;
  readonly shown: string;
  /**
   * RFC 9162 §2.1.4: `path` proves that the larger tree has `root1` at the smaller size, and that
   * is not the root that was signed there. Null where the notes alone show it.
   */
  readonly consistency: { readonly root1: Uint8Array; readonly path: readonly Uint8Array[] } | null;
}

const FORMAT = 'truegrain-watch-evidence@1';
const NAME_CHARS = 16;
/** One pair proves it; a log that goes on growing must not fill the disk of who watches it. */
const FILES_MAX = 64;

/**
 * Keeps both notes beside the state file and returns the path. What was signed names the file, so a
 * look that finds the same again writes nothing; a crash leaves no file or a whole one. Null where
 * there are enough of them.
 */
export function keepEvidence(stateFile: string, contradiction: Contradiction): string | null {
  const { kind, words, remembered, shown, consistency } = contradiction;
  const name = toHex(sha256(utf8(`${signedOf(remembered)}\n${signedOf(shown)}`)));
  const prefix = `${stateFile}.${kind}-`;
  const file = `${prefix}${name.slice(0, NAME_CHARS)}.json`;
  if (existsSync(file)) return file;
  const kept = readdirSync(dirname(stateFile)).filter((one) => one.startsWith(basename(prefix)));
  if (kept.length >= FILES_MAX) return null;
  const proof = consistency && {
    root1: toHex(consistency.root1),
    path: consistency.path.map((hash) => toHex(hash)),
  };
  const json = { format: FORMAT, kind, words, remembered, shown, consistency: proof };
  writeDurably(file, `${JSON.stringify(json, null, 2)}\n`);
  return file;
}

/** Cosignatures carry the time they were made; what they are about does not change with it. */
function signedOf(note: string): string {
  return note.slice(0, note.indexOf('\n\n'));
}
