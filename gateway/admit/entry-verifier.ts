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
  readonly #running = new Map<string, Promise<Checked>>();

  constructor(check: CheckEntry) {
    this.#check = check;
  }

  /** A statement that this gateway verified when its frame came in. */
  remember(facts: Facts): void {
    if (this.#facts.size >= FACTS_KEPT_MAX) this.#dropOldest();
    this.#facts.set(toHex(facts.leafHash), facts);
  }

  /** By position; null where nobody registered signed it. */
  async verify(entries: readonly Uint8Array[]): Promise<(Facts | null)[]> {
    return Promise.all(entries.map((entry) => this.#verifyOne(entry)));
  }

  /** Committed: what comes again is told by the log. */
  forget(leafHashes: readonly Uint8Array[]): void {
    for (const hash of leafHashes) this.#facts.delete(toHex(hash));
  }

  #verifyOne(entry: Uint8Array): Facts | null | Promise<Facts | null> {
    const hash = toHex(leafHash(entry));
    const known = this.#facts.get(hash);
    if (known) return known;
    let running = this.#running.get(hash);
    if (!running) {
      running = new Promise((resolve) => this.#check(entry, resolve));
      this.#running.set(hash, running);
    }
    return running.then((checked) => {
      this.#running.delete(hash);
      // A refusal is not remembered: the key it lacks may be registered by the next block.
      if (!checked.authentic) return null;
      this.remember(checked.facts);
      return checked.facts;
    });
  }

  #dropOldest(): void {
    const [oldest] = this.#facts.keys();
    if (oldest !== undefined) this.#facts.delete(oldest);
  }
}
