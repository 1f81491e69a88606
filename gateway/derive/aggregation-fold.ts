import type { JsonObject } from '../epcis/json.ts';
import type { AggregationSetting } from './derive-config.ts';
import { type Links, whenWhereWhy } from './event-body.ts';
import { EVENT_THINGS_MAX, OpenScans, partsOf } from './open-scans.ts';
import { noLeftovers, type PackFold } from './pack-fold.ts';
import { latestMs, type Scan, scanElements, scansOf } from './scan.ts';
import type { SourcePack } from './source-pack.ts';

/** A packing station: what was scanned goes into the parent whose scan closes or opens its group. */
export class AggregationFold implements PackFold {
  readonly left = noLeftovers();
  readonly #setting: AggregationSetting;
  readonly #links: Links;
  readonly #open = new OpenScans(this.left);
  /** With the parent first: the one that is being filled. */
  #parent: Scan | null = null;

  constructor(setting: AggregationSetting, links: Links) {
    this.#setting = setting;
    this.#links = links;
  }

  get openLeaf(): number | null {
    return this.#parent?.leafIndex ?? this.#open.leaf;
  }

  take(pack: SourcePack): JsonObject[] {
    return scansOf(pack, this.#setting.sensor).flatMap((scan) => {
      if (scan === null) this.left.unknown += 1;
      else if (this.#isParent(scan)) return this.#parentScanned(scan);
      else if (this.#setting.parent === 'first' && this.#parent === null) this.left.foreign += 1;
      else this.#open.add(scan);
      return [];
    });
  }

  #isParent({ key, isClass }: Scan): boolean {
    return key.ai === this.#setting.parentKey && !isClass;
  }

  /** The parent first: whichever is scanned is open afterwards, the same one again too. */
  #parentScanned(scan: Scan): JsonObject[] {
    if (this.#setting.parent === 'last') return this.#close(scan);
    const before = this.#parent;
    this.#parent = scan;
    return before ? this.#close(before) : [];
  }

  /** Too many for one event are added to the same parent by several. */
  #close(parent: Scan): JsonObject[] {
    const items = this.#open.close();
    if (items.length === 0) {
      this.left.empty += 1;
      return [];
    }
    const eventMs = latestMs([...items, parent]);
    return partsOf(items, EVENT_THINGS_MAX).map((part) => this.#event(parent, part, eventMs));
  }

  #event(parent: Scan, items: readonly Scan[], eventMs: number): JsonObject {
    const counts = new Map<string, number>();
    for (const { uri, isClass, count } of items) {
      if (isClass) counts.set(uri, (counts.get(uri) ?? 0) + count);
    }
    const childEPCs = items.flatMap(({ uri, isClass }) => (isClass ? [] : [uri]));
    const quantities = [...counts].map(([epcClass, quantity]) => ({ epcClass, quantity }));
    return {
      type: 'AggregationEvent',
      ...whenWhereWhy(this.#setting, eventMs),
      action: 'ADD',
      parentID: parent.uri,
      ...(childEPCs.length > 0 && { childEPCs }),
      ...(quantities.length > 0 && { childQuantityList: quantities }),
      sensorElementList: scanElements([...items, parent], this.#setting.device, this.#links),
    };
  }
}
