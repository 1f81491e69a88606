import type { RuleBreach } from '../event.ts';

/** Breaches that one answer holds; what is wrong after them is not looked for. */
export const BREACHES_MAX = 100;

/** What a reader answers. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly breaches: readonly RuleBreach[] };

/** What was found wrong so far. */
interface Found {
  readonly breaches: RuleBreach[];
  readonly max: number;
}

/**
 * Where a value stands in a document. Its JSON Pointer (RFC 6901) is written only when something is
 * wrong there, so that reading a right document builds no strings.
 */
export class Place {
  readonly #found: Found;
  readonly #above: Place | null;
  readonly #key: string | number;
  readonly #rule: string;

  private constructor(found: Found, above: Place | null, key: string | number, rule: string) {
    this.#found = found;
    this.#above = above;
    this.#key = key;
    this.#rule = rule;
  }

  /** `pointer`: where the value that is read stands in what was sent. */
  static root({ pointer = '', max = BREACHES_MAX } = {}): Place {
    return new Place({ breaches: [], max }, null, pointer, 'schema');
  }

  at(key: string | number): Place {
    return new Place(this.#found, this, key, this.#rule);
  }

  /** The same place, whose values of a wrong form break `rule` and not the schema. */
  under(rule: string): Place {
    return new Place(this.#found, this.#above, this.#key, rule);
  }

  get pointer(): string {
    if (this.#above === null) return String(this.#key);
    return `${this.#above.pointer}/${escaped(this.#key)}`;
  }

  /** All that was found here and anywhere else under the same root. */
  get breaches(): readonly RuleBreach[] {
    return this.#found.breaches;
  }

  get isFull(): boolean {
    return this.#found.breaches.length >= this.#found.max;
  }

  /** The value has not the form that the schema gives it. */
  wrong(message: string): void {
    this.breaks(this.#rule, message);
  }

  breaks(rule: string, message: string): void {
    if (!this.isFull) this.#found.breaches.push({ path: this.pointer, rule, message });
  }
}

function escaped(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}
