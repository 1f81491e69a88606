import type { Db } from './database.ts';

/** While a reader holds the WAL, cutting it is tried now and then only. */
const COMMITS_A_CLEANING = 64;

/**
 * Erased pages stay in the WAL until it is folded into the file and cut. A reader in its way (a
 * backup) or a full disk puts that off to a later commit or start; the erasure itself is done.
 */
export class WalCleaner {
  readonly #db: Db;
  /** The WAL may hold pages of erased contents; so it is after any start. */
  #isDirty = true;
  #commits = 0;

  constructor(db: Db) {
    this.#db = db;
    this.clean();
  }

  beforeCommit(): void {
    this.#commits += 1;
    if (this.#isDirty && this.#commits % COMMITS_A_CLEANING === 0) this.clean();
  }

  clean(): void {
    this.#isDirty = true;
    const patienceMs = this.#db.pragma('busy_timeout', { simple: true }) as number;
    try {
      this.#db.pragma('busy_timeout = 0');
      const [done] = this.#db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      this.#isDirty = done?.busy !== 0;
    } catch {
      // Tried again, as said above.
    } finally {
      this.#db.pragma(`busy_timeout = ${patienceMs}`);
    }
  }
}
