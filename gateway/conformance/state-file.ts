import { existsSync, readFileSync } from 'node:fs';
import { writeDurably } from '../store/durable-files.ts';
import type { ConformanceReport } from './report.ts';
import type { View } from './view.ts';

const NOTE_BYTES_MAX = 1_048_576;

/** The checkpoint note an earlier run ended with; null where there was none. */
export function readState(file: string): string | null {
  if (!existsSync(file)) return null;
  const bytes = readFileSync(file);
  // What is no note is seen as one that does not parse, and named in the report.
  return bytes.length > NOTE_BYTES_MAX ? '' : bytes.toString('utf8');
}

/**
 * Kept only where the log is the trusted one and its history held: the older note is what convicts a
 * ledger that changed it. A crash leaves the older note or the newer.
 */
export function writeState(file: string, view: View, report: ConformanceReport): boolean {
  const held = ['C-01', 'C-03'].every(
    (id) => report.criteria.find((one) => one.id === id)?.outcome === 'passed',
  );
  if (!held || !view.checkpoint.seen) return false;
  writeDurably(file, view.checkpoint.value.note);
  return true;
}
