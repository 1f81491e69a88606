// Maps of a fold that are never changed in place, and yet not copied whole at each of 10⁴ statements.

/** @module layered-map */

/** Below this a copy is cheaper than a second look-up. */
const PLAIN_SIZE_MAX = 32;

/** The map with this entry: the same to a reader as `new Map(map).set(key, value)`. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  if (map instanceof LayeredMap) return map.with(key, value);
  if (map.size < PLAIN_SIZE_MAX) return new Map(map).set(key, value);
  return new LayeredMap(map, new Map([[key, value]]));
}

/**
 * A large layer that many versions share, and the newest entries over it: n entries cost √n copies
 * each. The order is that of insertion, a replaced entry keeps its place.
 */
class LayeredMap<K, V> implements ReadonlyMap<K, V> {
  readonly base: ReadonlyMap<K, V>;
  readonly recent: ReadonlyMap<K, V>;
  readonly size: number;

  constructor(base: ReadonlyMap<K, V>, recent: ReadonlyMap<K, V>) {
    this.base = base;
    this.recent = recent;
    let added = 0;
    for (const key of recent.keys()) if (!base.has(key)) added += 1;
    this.size = base.size + added;
  }

  with(key: K, value: V): LayeredMap<K, V> {
    const recent = new Map(this.recent).set(key, value);
    if (recent.size ** 2 <= this.base.size) return new LayeredMap(this.base, recent);
    const base = new Map(this.base);
    for (const [one, its] of recent) base.set(one, its);
    return new LayeredMap(base, new Map());
  }

  get(key: K): V | undefined {
    return this.recent.has(key) ? this.recent.get(key) : this.base.get(key);
  }

  has(key: K): boolean {
    return this.recent.has(key) || this.base.has(key);
  }

  *entries(): Generator<[K, V], undefined> {
    const { base, recent } = this;
    for (const [key, value] of base) {
      yield [key, recent.has(key) ? (recent.get(key) as V) : value];
    }
    for (const entry of recent) if (!base.has(entry[0])) yield entry;
  }

  *keys(): Generator<K, undefined> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries();
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }
}
