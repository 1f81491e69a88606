/**
 * Reads a JSON configuration key by key. The first bad one ends it, with its path: an installer on
 * a ladder gets `sensors[1].unitId: 0 is not an integer from 1 to 247`, not a stack.
 *
 * @module config-reader
 */
export class ConfigError extends Error {
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
    this.name = 'ConfigError';
    this.path = path;
  }
}

/** What stands for a value that is not there; without one the key is required. */
interface Default<T> {
  readonly default?: T;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

export class ConfigReader {
  readonly path: string;
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #seen = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ConfigError(path, 'is not an object');
    }
    this.path = path;
    this.#object = value as Readonly<Record<string, unknown>>;
  }

  has(key: string): boolean {
    return this.#object[key] !== undefined;
  }

  text(key: string, how: Default<string> & { pattern?: RegExp; of?: string } = {}): string {
    const value = this.#take(key, how.default);
    if (typeof value !== 'string' || value === '') throw this.#bad(key, 'is not a text', value);
    if (how.pattern?.test(value) === false) throw this.#bad(key, `is not ${how.of}`, value);
    return value;
  }

  integer(key: string, how: Default<number> & Bounds = {}): number {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = how;
    const value = this.#take(key, how.default);
    const isGood = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
    if (!isGood) throw this.#bad(key, `is not an integer from ${min} to ${max}`, value);
    return Number(value);
  }

  number(key: string, how: Default<number> = {}): number {
    const value = this.#take(key, how.default);
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw this.#bad(key, 'is not a number', value);
    }
    return value;
  }

  flag(key: string, how: Default<boolean> = {}): boolean {
    const value = this.#take(key, how.default);
    if (typeof value !== 'boolean') throw this.#bad(key, 'is neither true nor false', value);
    return value;
  }

  oneOf<T extends string>(key: string, choices: readonly T[], how: Default<T> = {}): T {
    const value = this.#take(key, how.default);
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) throw this.#bad(key, `is none of ${choices.join(', ')}`, value);
    return chosen;
  }

  /** A missing section reads as an empty one: its defaults hold. */
  section(key: string): ConfigReader {
    return new ConfigReader(this.#take(key, {}), this.#pathOf(key));
  }

  list(key: string, how: Bounds = {}): ConfigReader[] {
    const { min = 0, max = 64 } = how;
    const value = this.#take(key, undefined);
    if (!Array.isArray(value)) throw this.#bad(key, 'is not a list', value);
    if (value.length < min || value.length > max) {
      throw new ConfigError(this.#pathOf(key), `has ${value.length} items, not ${min} to ${max}`);
    }
    return value.map((item, i) => new ConfigReader(item, `${this.#pathOf(key)}[${i}]`));
  }

  /** A list of texts. */
  texts(key: string, { max = 64 }: Bounds = {}): string[] {
    const value = this.#take(key, undefined);
    const isGood = Array.isArray(value) && value.every((one) => typeof one === 'string' && one);
    if (!isGood) throw this.#bad(key, 'is not a list of texts', value);
    if (value.length > max) {
      throw new ConfigError(this.#pathOf(key), `has ${value.length} items, not up to ${max}`);
    }
    return value as string[];
  }

  /** A misspelt key must not silently mean its default. */
  end(): void {
    for (const key of Object.keys(this.#object)) {
      if (!this.#seen.has(key)) throw new ConfigError(this.#pathOf(key), 'is not a known key');
    }
  }

  #take(key: string, fallback: unknown): unknown {
    this.#seen.add(key);
    const value = this.#object[key] ?? fallback;
    if (value === undefined) throw new ConfigError(this.#pathOf(key), 'is missing');
    return value;
  }

  #bad(key: string, problem: string, value: unknown): ConfigError {
    const shown = JSON.stringify(value)?.slice(0, 60) ?? 'nothing';
    return new ConfigError(this.#pathOf(key), `${shown} ${problem}`);
  }

  #pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}
