// The section `events` of truegrain.json: which packs become which events.
import { isDeviceUrn } from '@truegrain/device-sdk/formats/device-urn.js';
import { isSensorName } from '@truegrain/device-sdk/formats/pack-name.js';
import type { Section } from '../config-section.ts';
import { isUri } from '../epcis/document/absolute-uri.ts';
import { isVocabularyWord } from '../epcis/gs1/cbv-vocabulary.ts';
import { epcFault } from '../epcis/gs1/epc-translation.ts';
import { isUnitCode } from '../epcis/gs1/rec20.ts';
import { thingOf } from './thing.ts';

/** What each kind says of its events, whatever the packs hold. */
interface Common {
  /** Names its cursor, so it stays the same when the rest is changed. */
  readonly name: string;
  readonly device: string;
  readonly readPoint: string | null;
  readonly bizLocation: string | null;
  readonly bizStep: string | null;
  readonly disposition: string | null;
  /** `+08:00`: how eventTimeZoneOffset is told. */
  readonly zoneOffset: string;
  /** First leaf it looks at; null: whatever comes after it was first configured. */
  readonly fromLeaf: number | null;
}

export interface SensorSetting extends Common {
  readonly kind: 'sensor';
  /** Null: each sensor of numbers. */
  readonly sensors: readonly string[] | null;
  /** The statement's subject, the read point itself, or always this thing. */
  readonly about: 'subject' | 'place' | { readonly uri: string };
  readonly everyS: number;
}

interface ScanCommon extends Common {
  /** The sensor of texts that gives the scans. */
  readonly sensor: string;
}

export interface ObservationSetting extends ScanCommon {
  readonly kind: 'observation';
}

export interface AggregationSetting extends ScanCommon {
  readonly kind: 'aggregation';
  /** `last`: the parent's scan closes what was scanned before it; `first`: it opens a new one. */
  readonly parent: (typeof PARENTS)[number];
  /** Application identifier of the parent: SSCC, GRAI or GIAI. */
  readonly parentKey: (typeof PARENT_KEYS)[number];
}

/** Of a product: what one scan of it stands for. */
export interface RecipePart {
  readonly gtin: string;
  readonly quantity: number;
  /** Null: `quantity` counts pieces. */
  readonly uom: string | null;
}

export interface TransformationSetting extends ScanCommon {
  readonly kind: 'transformation';
  readonly inputs: readonly RecipePart[];
  readonly output: RecipePart;
}

export type ScanSetting = ObservationSetting | AggregationSetting | TransformationSetting;
export type EventSetting = SensorSetting | ScanSetting;

export interface EventsConfig {
  /** Base of the links to evidence, without a slash at its end. */
  readonly publicUrl: string;
  readonly settings: readonly EventSetting[];
}

const KINDS = ['sensor', 'observation', 'aggregation', 'transformation'] as const;
const PARENTS = ['last', 'first'] as const;
const PARENT_KEYS = ['00', '8003', '8004'] as const;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const ZONE_OFFSET = /^[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)$/;
const GTIN = /^\d{14}$/;
const PERIOD_S_MIN = 60;
const PERIOD_S_MAX = 86_400;
const PERIOD_S_DEFAULT = 3_600;
const SCAN_SENSOR_DEFAULT = 'scan';

/** Undefined where the section is absent or empty. */
export function readEvents(root: Section, publicUrl: string | undefined): EventsConfig | undefined {
  const settings = root.sections('events').map(readSetting);
  if (settings.length === 0) return undefined;
  const names = settings.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) root.fail('events', `has two settings named ${twice}`);
  if (publicUrl === undefined) {
    return root.fail('events', 'needs http.publicUrl: each event links to its evidence there');
  }
  return { publicUrl: publicUrl.replace(/\/+$/, ''), settings };
}

function readSetting(section: Section): EventSetting {
  const kind = section.oneOf('kind', KINDS);
  const setting = kind === 'sensor' ? readSensor(section) : readScans(section, kind);
  section.close();
  return setting;
}

function readSensor(section: Section): SensorSetting {
  const common = readCommon(section, 'sensor_reporting');
  const sensors = section.texts('sensors');
  const wrong = sensors.find((name) => !isSensorName(name));
  if (wrong !== undefined) section.fail('sensors', `has ${wrong}, which is no sensor's name`);
  const about = readAbout(section);
  if (about === 'place' && common.readPoint === null) {
    section.fail('about', 'is the place: readPoint is missing');
  }
  const everyS = section.integer('everyS', {
    min: PERIOD_S_MIN,
    max: PERIOD_S_MAX,
    otherwise: PERIOD_S_DEFAULT,
  });
  return { kind: 'sensor', ...common, sensors: sensors.length > 0 ? sensors : null, about, everyS };
}

function readAbout(section: Section): SensorSetting['about'] {
  const about = section.text('about', { otherwise: 'subject' });
  if (about === 'subject' || about === 'place') return about;
  const uri = readUri(section, 'about');
  if (thingOf(uri).kind === 'place') section.fail('about', 'is a place: say it in readPoint');
  return { uri };
}

function readScans(section: Section, kind: ScanSetting['kind']): ScanSetting {
  const common = readCommon(section, kind === 'aggregation' ? 'packing' : null);
  if (common.readPoint === null) section.fail('readPoint', 'is missing');
  const sensor = section.text('sensor', { otherwise: SCAN_SENSOR_DEFAULT });
  if (!isSensorName(sensor)) section.fail('sensor', "is no sensor's name");
  const scans = { ...common, sensor };
  if (kind === 'observation') return { kind, ...scans };
  if (kind === 'aggregation') {
    const parent = section.maybe('parent', () => section.oneOf('parent', PARENTS));
    const key = section.maybe('parentKey', () => section.oneOf('parentKey', PARENT_KEYS));
    return { kind, ...scans, parent: parent ?? 'last', parentKey: key ?? '00' };
  }
  const inputs = section.sections('inputs').map(readPart);
  if (inputs.length === 0) section.fail('inputs', 'is missing');
  const output = readPart(section.section('output'));
  const gtins = [...inputs, output].map(({ gtin }) => gtin);
  const twice = gtins.find((gtin, i) => gtins.indexOf(gtin) < i);
  if (twice !== undefined) section.fail('inputs', `has ${twice} twice, or as the output too`);
  return { kind, ...scans, inputs, output };
}

function readPart(section: Section): RecipePart {
  const gtin = section.text('gtin', { pattern: GTIN });
  const fault = epcFault(`https://id.gs1.org/01/${gtin}`);
  if (fault !== null) section.fail('gtin', `is wrong: ${fault}`);
  const uom = section.maybe('uom', () => section.text('uom')) ?? null;
  if (uom !== null && !isUnitCode(uom)) {
    section.fail('uom', 'is not a code of UN/ECE Recommendation 20');
  }
  const quantity = section.positive('quantity', { otherwise: 1 });
  if (uom === null && !Number.isInteger(quantity)) {
    section.fail('quantity', 'is not a whole number, and has no uom');
  }
  section.close();
  return { gtin, quantity, uom };
}

function readCommon(section: Section, bizStep: string | null): Common {
  const device = section.text('device');
  if (!isDeviceUrn(device)) section.fail('device', 'is no device URN (RFC 9039)');
  const max = Number.MAX_SAFE_INTEGER;
  return {
    name: section.text('name', { pattern: NAME }),
    device,
    readPoint: readPlace(section, 'readPoint'),
    bizLocation: readPlace(section, 'bizLocation'),
    bizStep: readWord(section, 'bizStep') ?? bizStep,
    disposition: readWord(section, 'disposition'),
    zoneOffset: section.text('zoneOffset', { otherwise: '+00:00', pattern: ZONE_OFFSET }),
    fromLeaf: section.maybe('fromLeaf', () => section.integer('fromLeaf', { min: 0, max })) ?? null,
  };
}

function readPlace(section: Section, key: string): string | null {
  return section.maybe(key, () => readUri(section, key)) ?? null;
}

function readUri(section: Section, key: string): string {
  const uri = section.text(key);
  if (!isUri(uri)) section.fail(key, 'must be an absolute URI');
  const fault = epcFault(uri);
  return fault === null ? uri : section.fail(key, `is wrong: ${fault}`);
}

/** A bare word of CBV 2.0, or a URI of one's own outside GS1's namespaces. */
function readWord(section: Section, list: 'bizStep' | 'disposition'): string | null {
  const word = section.maybe(list, () => section.text(list)) ?? null;
  if (word === null || isVocabularyWord(list, word)) return word;
  const isOwn =
    isUri(word) && !/^(?:urn:epcglobal:cbv|https?:\/\/(?:ns|ref)\.gs1\.org\/cbv)/.test(word);
  return isOwn ? word : section.fail(list, `must be a ${list} of CBV 2.0 or a URI of one's own`);
}
