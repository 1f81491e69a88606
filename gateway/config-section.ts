import { readFileSync } from 'node:fs';

export const PORT_MAX = 65_535;

/** The configuration can't be used; the message names file and key. */
export class ConfigError extends Error {}

interface Place {
  file: string;
  /** Dotted path of this section, '' at the root. */
  path: string;
}

/** One JSON object of a config file: reads keys by type, and refuses those nobody reads. */
export class Section {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #place: Place;
  readonly #read = new Set<string>();

  constructor(value: unknown, place: Place) {
    this.#place = place;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ConfigError(`${place.file}: ${place.path || 'the file'} must be an object`);
    }
    this.#values = value as Record<string, unknown>;
  }

  /** Text without control characters; `pattern` narrows it. */
  text(key: string, { otherwise, pattern }: { otherwise?: string; pattern?: RegExp } = {}): string {
    const value = this.#value(key) ?? otherwise;
    if (value === undefined) return this.fail(key, 'is missing');
    if (typeof value !== 'string' || value === '' || /\p{Cc}/u.test(value)) {
      return this.fail(key, 'must be text');
    }
    return pattern && !pattern.test(value) ? this.fail(key, `must match ${pattern.source}`) : value;
  }

  integer(
    key: string,
    { min, max, otherwise }: { min: number; max: number; otherwise?: number },
  ): number {
    const value = this.#value(key) ?? otherwise;
    if (value === undefined) return this.fail(key, 'is missing');
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      return this.fail(key, `must be an integer from ${min} to ${max}`);
    }
    return value;
  }

  positive(key: string, { otherwise }: { otherwise?: number } = {}): number {
    const value = this.#value(key) ?? otherwise;
    if (value === undefined) return this.fail(key, 'is missing');
    const isPositive = typeof value === 'number' && Number.isFinite(value) && value > 0;
    return isPositive ? value : this.fail(key, 'must be a number above 0');
  }

  url(key: string, schemes: readonly string[]): string {
    const value = this.text(key);
    if (!URL.canParse(value) || !schemes.includes(new URL(value).protocol)) {
      return this.fail(key, `must be a URL (${schemes.map((scheme) => `${scheme}…`).join(', ')})`);
    }
    return value;
  }

  texts(key: string): string[] {
    const value = this.#value(key) ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string' && item !== '')) {
      return this.fail(key, 'must be a list of texts');
    }
    return value as string[];
  }

  oneOf<T extends string>(key: string, words: readonly T[]): T {
    const text = this.text(key);
    const word = words.find((one) => one === text);
    return word ?? this.fail(key, `must be one of ${words.join(', ')}`);
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.#value(key) ?? otherwise;
    return typeof value === 'boolean' ? value : this.fail(key, 'must be true or false');
  }

  /** A list of objects; none where it is absent. */
  sections(key: string): Section[] {
    const value = this.#value(key) ?? [];
    if (!Array.isArray(value)) return this.fail(key, 'must be a list');
    const { file } = this.#place;
    return value.map((item, i) => new Section(item, { file, path: `${this.#pathOf(key)}[${i}]` }));
  }

  section(key: string, otherwise?: object): Section {
    const value = this.#value(key) ?? otherwise;
    if (value === undefined) return this.fail(key, 'is missing');
    return new Section(value, { file: this.#place.file, path: this.#pathOf(key) });
  }

  maybe<T>(key: string, read: () => T): T | undefined {
    return this.#value(key) === undefined ? undefined : read();
  }

  /** Call last: a key that was never read is a misspelt one. */
  close(): void {
    for (const key of Object.keys(this.#values)) {
      if (!this.#read.has(key)) this.fail(key, 'is not a known key');
    }
  }

  fail(key: string, why: string): never {
    throw new ConfigError(`${this.#place.file}: ${this.#pathOf(key)} ${why}`);
  }

  /** `null` counts as absent. */
  #value(key: string): unknown {
    this.#read.add(key);
    return Object.hasOwn(this.#values, key) ? (this.#values[key] ?? undefined) : undefined;
  }

  #pathOf(key: string): string {
    return this.#place.path === '' ? key : `${this.#place.path}.${key}`;
  }
}

const CONFIG_BYTES_MAX = 1_000_000;

/** Of a config file; what is wrong with it is one line. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as { code?: string }).code;
    const why = code === 'ENOENT' ? 'does not exist; run `truegrain init` first' : 'is unreadable';
    throw new ConfigError(`${file} ${why}`, { cause: error });
  }
  if (text.length > CONFIG_BYTES_MAX) throw new ConfigError(`${file} is too large`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
