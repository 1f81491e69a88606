import { fromHex, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { JsonObject } from '../epcis/json.ts';
import type { RecipePart, TransformationSetting } from './derive-config.ts';
import { type Links, whenWhereWhy } from './event-body.ts';
import { EVENT_THINGS_MAX, OpenScans, partsOf } from './open-scans.ts';
import { noLeftovers, type PackFold } from './pack-fold.ts';
import { latestMs, type Scan, scanElements, scansOf } from './scan.ts';
import type { SourcePack } from './source-pack.ts';

/** A recipe: the output's scan consumes the inputs that were scanned since the one before it. */
export class TransformationFold implements PackFold {
  readonly left = noLeftovers();
  readonly #setting: TransformationSetting;
  readonly #links: Links;
  readonly #parts: ReadonlyMap<string, RecipePart>;
  readonly #open = new OpenScans(this.left);

  constructor(setting: TransformationSetting, links: Links) {
    this.#setting = setting;
    this.#links = links;
    this.#parts = new Map([...setting.inputs, setting.output].map((part) => [part.gtin, part]));
  }

  get openLeaf(): number | null {
    return this.#open.leaf;
  }

  take(pack: SourcePack): JsonObject[] {
    return scansOf(pack, this.#setting.sensor).flatMap((scan) => {
      if (scan === null) this.left.unknown += 1;
      else if (!this.#parts.has(gtinOf(scan))) this.left.foreign += 1;
      else if (gtinOf(scan) === this.#setting.output.gtin) return this.#close(scan);
      else this.#open.add(scan);
      return [];
    });
  }

  /** What a recipe asks for and nobody scanned is not in the event: it tells what was seen. */
  #close(output: Scan): JsonObject[] {
    const inputs = this.#open.close();
    if (inputs.length === 0) {
      this.left.empty += 1;
      return [];
    }
    const eventMs = latestMs([...inputs, output]);
    const parts = partsOf(inputs, EVENT_THINGS_MAX);
    return parts.map((part, i) =>
      this.#event(part, { output, eventMs, isLast: i === parts.length - 1 }),
    );
  }

  /** Inputs that one event has no room for stand in others before it, under the same id. */
  #event(
    inputs: readonly Scan[],
    { output, eventMs, isLast }: { output: Scan; eventMs: number; isLast: boolean },
  ): JsonObject {
    const scans = isLast ? [...inputs, output] : inputs;
    return {
      type: 'TransformationEvent',
      ...whenWhereWhy(this.#setting, eventMs),
      ...this.#side(inputs, 'input'),
      ...(isLast && this.#side([output], 'output')),
      transformationID: transformationId(output),
      sensorElementList: scanElements(scans, this.#setting.device, this.#links),
    };
  }

  #side(scans: readonly Scan[], side: 'input' | 'output'): JsonObject {
    const epcs = scans.flatMap(({ uri, isClass }) => (isClass ? [] : [uri]));
    const counts = new Map<string, { scan: Scan; count: number }>();
    for (const scan of scans.filter(({ isClass }) => isClass)) {
      const count = (counts.get(scan.uri)?.count ?? 0) + scan.count;
      counts.set(scan.uri, { scan, count });
    }
    const quantities = [...counts].map(([epcClass, { scan, count }]) => {
      const { quantity = 1, uom = null } = this.#parts.get(gtinOf(scan)) ?? {};
      return { epcClass, quantity: rounded(quantity * count), ...(uom !== null && { uom }) };
    });
    return {
      ...(epcs.length > 0 && { [`${side}EPCList`]: epcs }),
      ...(quantities.length > 0 && { [`${side}QuantityList`]: quantities }),
    };
  }
}

function gtinOf({ key }: Scan): string {
  return key.ai === '01' ? key.value : '';
}

/** 3 times 0.1 is 0.3 to whoever reads it. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** Of the record that closed it, as a UUID of version 8 (RFC 9562 §5.8): the same in every run. */
function transformationId({ statement, record }: Scan): string {
  const bytes = sha256(
    new Uint8Array([...(fromHex(statement) ?? []), ...utf8(` ${record}`)]),
  ).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ];
  return `urn:uuid:${groups.join('-')}`;
}
