import { StoreError } from '../store/database.ts';

/** `note` says what was not looked at, and why; only an `error` makes a store unsound. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  severity: Severity;
  code: string;
  /** File, or table within the ledger file. */
  where: string;
  leafIndex: number | null;
  text: string;
  /** True where `truegrain reindex` brings it back from the entries. */
  canBeRebuilt: boolean;
}

/** Of one kind at one place; a damaged page can spoil thousands of rows. */
const KEPT_EACH = 20;

export class FindingList {
  readonly #kept: Finding[] = [];
  readonly #counts = new Map<string, { first: Finding; count: number }>();

  add(
    finding: Pick<Finding, 'code' | 'where' | 'text'> &
      Partial<Pick<Finding, 'severity' | 'leafIndex' | 'canBeRebuilt'>>,
  ): void {
    const full: Finding = { severity: 'error', leafIndex: null, canBeRebuilt: false, ...finding };
    const key = `${full.code} ${full.where}`;
    const known = this.#counts.get(key);
    if (known) known.count += 1;
    else this.#counts.set(key, { first: full, count: 1 });
    if ((known?.count ?? 1) <= KEPT_EACH) this.#kept.push(full);
  }

  /** Runs `work`; a store that can't be read there is a finding, not an exception. */
  guard(
    place: { where: string; canBeRebuilt?: boolean; code?: string },
    work: () => void,
  ): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!isDamage(error)) throw error;
      const { where, canBeRebuilt = false } = place;
      const isOlder = error instanceof StoreError && error.code === 'store_older';
      const code = isOlder ? error.code : (place.code ?? 'unreadable');
      this.add({ code, where, text: (error as Error).message, canBeRebuilt });
      return false;
    }
  }

  all(): Finding[] {
    const more = [...this.#counts.values()]
      .filter(({ count }) => count > KEPT_EACH)
      .map(({ first, count }) => ({
        ...first,
        leafIndex: null,
        text: `and ${count - KEPT_EACH} more of this kind`,
      }));
    return [...this.#kept, ...more];
  }

  has(test: (finding: Finding) => boolean): boolean {
    return this.#kept.some(test);
  }
}

/** SQLite's own errors, and what its damaged rows lead to when they are read as ours. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && (code.startsWith('SQLITE_') || code.startsWith('store_'))) {
    return true;
  }
  return error instanceof RangeError;
}
