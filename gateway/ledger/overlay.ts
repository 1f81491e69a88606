/**
 * A map over another one: reads fall through, writes stay here until they are merged. A block that
 * is only tried (a proposal) costs what it changes, not what the ledger holds.
 */
export class OverlayMap<K, V> extends Map<K, V> {
  readonly #base: Map<K, V>;
  #added = 0;

  constructor(base: Map<K, V>) {
    super();
    this.#base = base;
  }

  override get(key: K): V | undefined {
    return super.has(key) ? super.get(key) : this.#base.get(key);
  }

  override has(key: K): boolean {
    return super.has(key) || this.#base.has(key);
  }

  override set(key: K, value: V): this {
    // Map's own constructor calls set before #base is there; it is given no entries.
    if (!this.has(key)) this.#added += 1;
    return super.set(key, value);
  }

  /** Nothing in a ledger's state is ever taken out. */
  override delete(_key: K): boolean {
    throw new Error('an overlay only adds and replaces');
  }

  override get size(): number {
    return this.#base.size + (this.#added ?? 0);
  }

  override *entries(): MapIterator<[K, V]> {
    for (const [key, value] of this.#base) {
      if (!super.has(key)) yield [key, value];
    }
    yield* super.entries();
  }

  override *keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key;
  }

  override *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  override forEach(visit: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  /** Writes into the base what was written here; the overlay is not used afterwards. */
  merge(): Map<K, V> {
    for (const [key, value] of super.entries()) this.#base.set(key, value);
    return this.#base;
  }
}
