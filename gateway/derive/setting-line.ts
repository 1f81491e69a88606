import type { JsonObject } from '../epcis/json.ts';
import type { DerivePoint } from './derived-rows.ts';
import type { PackFold } from './pack-fold.ts';
import type { PackSource } from './source-pack.ts';

/** Packs that could not be read, since this gateway started. */
export interface PassedOver {
  /** Their content was erased: the events go on without them. */
  erased: number;
  /** Their content is not disclosed here. */
  sealed: number;
}

/** One setting in motion: the packs that wait for it, in log order, and its fold. */
export class SettingLine {
  readonly passed: PassedOver = { erased: 0, sealed: 0 };
  readonly #newFold: () => PackFold;
  readonly #source: Pick<PackSource, 'at'>;
  #fold: PackFold;
  #queue: number[] = [];
  #next = 0;
  /** As it is on disk. */
  #point: DerivePoint;
  #lastLeaf: number;

  constructor(options: {
    newFold: () => PackFold;
    source: Pick<PackSource, 'at'>;
    point: DerivePoint;
  }) {
    this.#newFold = options.newFold;
    this.#source = options.source;
    this.#fold = options.newFold();
    this.#point = options.point;
    this.#lastLeaf = options.point.doneLeaf;
  }

  get fold(): PackFold {
    return this.#fold;
  }

  get hasNext(): boolean {
    return this.#next < this.#queue.length;
  }

  get fromLeaf(): number {
    return this.#point.fromLeaf;
  }

  /** From the point on disk again, with the packs from there on. */
  restart(leaves: number[]): void {
    this.#fold = this.#newFold();
    this.#queue = leaves;
    this.#next = 0;
    this.#lastLeaf = this.#point.doneLeaf;
  }

  push(leafIndex: number): void {
    this.#queue.push(leafIndex);
  }

  /** Takes the next pack; null where there is none, or its content may still come. */
  step(): JsonObject[] | null {
    const leafIndex = this.#queue[this.#next];
    const found = leafIndex === undefined ? 'awaited' : this.#source.at(leafIndex);
    if (leafIndex === undefined || found === 'awaited') return null;
    this.#advance(leafIndex);
    if (found === 'erased' || found === 'sealed') this.passed[found] += 1;
    if (typeof found === 'string') return [];
    const events = this.#fold.take(found);
    // Made by an earlier run, which had come further.
    return leafIndex <= this.#point.doneLeaf ? [] : events;
  }

  /** Where it would stand on disk now. */
  pointNow(): DerivePoint {
    const doneLeaf = Math.max(this.#lastLeaf, this.#point.doneLeaf);
    return { fromLeaf: this.#fold.openLeaf ?? doneLeaf + 1, doneLeaf };
  }

  stored(point: DerivePoint): void {
    this.#point = point;
  }

  #advance(leafIndex: number): void {
    this.#lastLeaf = leafIndex;
    this.#next += 1;
    if (this.#next < QUEUE_TRIM) return;
    this.#queue.splice(0, this.#next);
    this.#next = 0;
  }
}

/** Numbers behind the next one that are kept before they are thrown away together. */
const QUEUE_TRIM = 4_096;
