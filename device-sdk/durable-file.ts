/**
 * Small files that must be whole after a power cut.
 *
 * Syscalls: open tmp 0600 → write → fsync → rename → open dir → fsync. A crash before the rename
 * leaves the old content and a tmp file that the next call overwrites.
 *
 * @module durable-file
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

export function replaceDurably(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    // Loops where the disk takes less than all of it, as a nearly full one does.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Null where there is no such file. Mode and text are of the same file: one descriptor. */
export function readWithMode(path: string): { text: string; mode: number } | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return { text: readFileSync(file, 'utf8'), mode: fstatSync(file).mode & 0o777 };
  } finally {
    closeSync(file);
  }
}
