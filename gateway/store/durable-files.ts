import {
  closeSync,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** On disk when this returns; for a file the caller then renames into place. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** fsync → rename → fsync of the folder: a crash leaves the old file or the new one. */
export function moveInto(from: string, to: string): void {
  syncPath(from);
  renameSync(from, to);
  syncPath(dirname(to));
}

export function writeDurably(file: string, text: string | Uint8Array): void {
  const temporary = writeBeside(file, text);
  moveInto(temporary, file);
}

/**
 * For what is never overwritten, secrets first of all: throws EEXIST where the file is there. The
 * name appears with the whole content (link), so a crash leaves no file or a whole one.
 */
export function createDurably(file: string, text: string | Uint8Array): void {
  const temporary = writeBeside(file, text);
  syncPath(temporary);
  try {
    linkSync(temporary, file);
  } finally {
    unlinkSync(temporary);
  }
  syncPath(dirname(file));
}

function writeBeside(file: string, text: string | Uint8Array): string {
  const temporary = `${file}.new`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    // Writes all of it or throws; writeSync may stop short on a disk that is nearly full.
    writeFileSync(fd, text);
  } finally {
    closeSync(fd);
  }
  return temporary;
}

/** 0600 whatever the source had: keys and hashed secrets are among them. */
export function copyDurably(from: string, to: string): void {
  const temporary = `${to}.new`;
  closeSync(openSync(temporary, 'w', 0o600));
  copyFileSync(from, temporary);
  moveInto(temporary, to);
}
