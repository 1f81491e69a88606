import type { JsonObject } from '../epcis/json.ts';
import type { ObservationSetting } from './derive-config.ts';
import { type Links, whenWhereWhy } from './event-body.ts';
import { noLeftovers, type PackFold } from './pack-fold.ts';
import { type Scan, scanElements, scansOf } from './scan.ts';
import type { SourcePack } from './source-pack.ts';

/** A scanner at a read point: each scan is an ObjectEvent. */
export class ObservationFold implements PackFold {
  readonly openLeaf = null;
  readonly left = noLeftovers();
  readonly #setting: ObservationSetting;
  readonly #links: Links;

  constructor(setting: ObservationSetting, links: Links) {
    this.#setting = setting;
    this.#links = links;
  }

  take(pack: SourcePack): JsonObject[] {
    return scansOf(pack, this.#setting.sensor).flatMap((scan) => {
      if (scan !== null) return [this.#event(scan)];
      this.left.unknown += 1;
      return [];
    });
  }

  #event(scan: Scan): JsonObject {
    const { uri, isClass, count, timeMs } = scan;
    return {
      type: 'ObjectEvent',
      ...whenWhereWhy(this.#setting, timeMs),
      action: 'OBSERVE',
      ...(isClass ? { quantityList: [{ epcClass: uri, quantity: count }] } : { epcList: [uri] }),
      sensorElementList: scanElements([scan], this.#setting.device, this.#links),
    };
  }
}
