/**
 * Boot identity (T1): 128 random bits name this run, a small durable counter orders the runs.
 *
 * Replaced as durable-file.ts says. A crash before the rename leaves
 * the old count, so two boots may share a count; bootId still tells them apart. A crash after it
 * burns a number. Both are harmless: the count orders, the id identifies.
 *
 * @module boot-count
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { replaceDurably } from './durable-file.ts';

export interface BootIdentity {
  readonly bootId: Uint8Array;
  readonly bootCount: number;
  /** True when a count existed but could not be read: the order before this boot is unknown. */
  readonly countLost: boolean;
}

function readCount(path: string): number | null | 'damaged' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const match = /^([1-9]\d{0,14})\n$/.exec(text);
  return match === null ? 'damaged' : Number(match[1]);
}

/** Call once per process start, before anything is signed. Disk errors throw: fail-stop. */
export function beginBoot(path: string): BootIdentity {
  const previous = readCount(path);
  const bootCount = typeof previous === 'number' ? previous + 1 : 1;
  replaceDurably(path, `${bootCount}\n`);
  return { bootId: new Uint8Array(randomBytes(16)), bootCount, countLost: previous === 'damaged' };
}
