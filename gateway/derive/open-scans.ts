import type { Leftovers } from './pack-fold.ts';
import type { Scan } from './scan.ts';

/** A station that nobody ever closes a group at must not fill the memory. */
export const OPEN_SCANS_MAX = 10_000;
/** Things in one event: with the proof of each it stays within a frame (some 430 bytes a thing). */
export const EVENT_THINGS_MAX = 400;

/** What was scanned and waits for the scan that closes it. */
export class OpenScans {
  readonly #scans: Scan[] = [];
  readonly #left: Leftovers;

  constructor(left: Leftovers) {
    this.#left = left;
  }

  get leaf(): number | null {
    return this.#scans[0]?.leafIndex ?? null;
  }

  add(scan: Scan): void {
    this.#scans.push(scan);
    if (this.#scans.length <= OPEN_SCANS_MAX) return;
    this.#scans.shift();
    this.#left.dropped += 1;
  }

  /** All of them, a thing that was scanned twice once; empty afterwards. */
  close(): Scan[] {
    const seen = new Set<string>();
    return this.#scans.splice(0).filter(({ uri, isClass }) => {
      if (isClass) return true;
      const isFirst = !seen.has(uri);
      seen.add(uri);
      return isFirst;
    });
  }
}

/** At least one part, so that nothing makes one event too. */
export function partsOf<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts.length > 0 ? parts : [[]];
}
