import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import type { Facts } from '../ledger/facts.ts';
import type { Checked } from './check.ts';

/** About 700 bytes each: the statements of the blocks in flight, several times over. */
const FACTS_KEPT_MAX = 65_536;

/** Where entries are checked: `admit/check-pool.ts`, whose threads also check frames. */
export type CheckEntry = (entry: Uint8Array, done: (checked: Checked) => void) => void;

/**
 * Verifies each statement once a member: at its own door, or when a batch first comes by; then the
 * verdict is remembered until its block is committed. It is kept by leaf hash and not by statement
 * id: the id does not cover the signature, so a forged one would inherit the verdict of the true.
 */
export class EntryVerifier {
  readonly #check: CheckEntry;
  readonly #facts = new Map<string, Facts>();
  /** Who waits for the verdict on an entry that a thread has. */
  readonly #waiting = new Map<string, ((facts: Facts | null) => void)[]>();

  constructor(check: CheckEntry) {
    this.#check = check;
  }

  /** A statement that this gateway verified when its frame came in. */
  remember(facts: Facts): void {
    this.#keep(toHex(facts.leafHash), facts);
  }

  /** By position; null where nobody registered signed it. */
  verify(entries: readonly Uint8Array[]): Promise<(Facts | null)[]> {
    const facts = new Array<Facts | null>(entries.length).fill(null);
    let left = entries.length;
    return new Promise((resolve) => {
      if (left === 0) resolve(facts);
      for (const [i, entry] of entries.entries()) {
        this.#verifyOne(entry, (one) => {
          facts[i] = one;
          left -= 1;
          if (left === 0) resolve(facts);
        });
      }
    });
  }

  /** Committed: what comes again is told by the log. */
  forget(leafHashes: readonly Uint8Array[]): void {
    for (const hash of leafHashes) this.#facts.delete(toHex(hash));
  }

  #verifyOne(entry: Uint8Array, done: (facts: Facts | null) => void): void {
    const hash = toHex(leafHash(entry));
    const known = this.#facts.get(hash);
    if (known) {
      done(known);
      return;
    }
    const waiting = this.#waiting.get(hash);
    if (waiting) {
      waiting.push(done);
      return;
    }
    const all = [done];
    this.#waiting.set(hash, all);
    this.#check(entry, (checked) => {
      this.#waiting.delete(hash);
      // A refusal is not remembered: the key it lacks may be registered by the next block.
      const facts = checked.authentic ? checked.facts : null;
      if (facts) this.#keep(hash, facts);
      for (const tell of all) tell(facts);
    });
  }

  #keep(hash: string, facts: Facts): void {
    if (this.#facts.size >= FACTS_KEPT_MAX) this.#dropOldest();
    this.#facts.set(hash, facts);
  }

  #dropOldest(): void {
    const [oldest] = this.#facts.keys();
    if (oldest !== undefined) this.#facts.delete(oldest);
  }
}
