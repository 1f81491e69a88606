import {
  type Gs1Element,
  isElementString,
  itemUriOf,
  parseElementString,
} from '@truegrain/device-sdk/formats/gs1-element-string.js';
import type { Gs1Key } from '../epcis/gs1/gs1-key.ts';
import type { JsonObject } from '../epcis/json.ts';
import { type Links, timeText } from './event-body.ts';
import type { SourcePack } from './source-pack.ts';
import { thingOf } from './thing.ts';

/** One thing read by a scanner, and the pack that tells it. */
export interface Scan {
  readonly uri: string;
  readonly key: Gs1Key;
  /** A product or lot, of which there may be several. */
  readonly isClass: boolean;
  /** Pieces of a class: as the symbol says, else one. */
  readonly count: number;
  readonly text: string;
  readonly timeMs: number;
  readonly leafIndex: number;
  readonly statement: string;
  /** Place of the record in its pack. */
  readonly record: number;
}

/** (37) units in a logistic unit, (30) items of a variable measure. */
const COUNT_AIS = ['37', '30'];

/** Scans of one sensor in the order of the pack; null stands for one that names no thing. */
export function scansOf(pack: SourcePack, sensor: string): (Scan | null)[] {
  return pack.records.flatMap(({ kind, name, value, timeMs }, record) => {
    if (kind !== 'reading' || name !== sensor || typeof value !== 'string') return [];
    const { leafIndex, id } = pack;
    const place = { timeMs, leafIndex, statement: id, record };
    return [readScan(value, place)];
  });
}

function readScan(
  text: string,
  place: Pick<Scan, 'timeMs' | 'leafIndex' | 'statement' | 'record'>,
): Scan | null {
  const isElements = isElementString(text);
  const elements = isElements ? parseElementString(text) : null;
  if (elements?.ok === false) return null;
  // A QR code may hold the thing's Digital Link itself.
  const uri = elements ? itemUriOf(elements.value) : text;
  const { kind, uri: canonical, key } = uri === null ? NOTHING : thingOf(uri);
  if (key === null || kind === 'place') return null;
  const count = countOf(elements?.value ?? []);
  return { uri: canonical, key, isClass: kind === 'class', count, text, ...place };
}

const NOTHING = { kind: 'instance', uri: '', key: null } as const;

function countOf(elements: readonly Gs1Element[]): number {
  const count = elements.find(({ ai }) => COUNT_AIS.includes(ai));
  return Math.max(1, Number(count?.value ?? 1));
}

/**
 * EPCIS has no word for a bar code that was read: each scan stands as a text of no dimension in the
 * sensor data of its device, beside the proof of its pack.
 */
export function scanElements(scans: readonly Scan[], device: string, links: Links): JsonObject[] {
  const byStatement = new Map<string, Scan[]>();
  for (const scan of scans) {
    const same = byStatement.get(scan.statement);
    if (same) same.push(scan);
    else byStatement.set(scan.statement, [scan]);
  }
  return [...byStatement].map(([statement, those]) => ({
    sensorMetadata: { deviceID: device, rawData: links.evidence(statement) },
    sensorReport: those.map(({ text, timeMs }) => ({
      type: 'Dimensionless',
      stringValue: text,
      time: timeText(timeMs),
    })),
  }));
}

/** No event says when something was seen before it was. */
export function latestMs(scans: readonly Scan[]): number {
  return scans.reduce((latest, { timeMs }) => Math.max(latest, timeMs), 0);
}
