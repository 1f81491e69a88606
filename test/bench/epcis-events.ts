import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toHex } from '../../device-sdk/formats/bytes.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import { seededRandom } from '../../device-sdk/sensors/generator.ts';
import type { ReadEvent } from '../../gateway/epcis/event.ts';
import { EventIndex } from '../../gateway/epcis/index/event-index.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { SCHEMA } from '../../gateway/store/schema.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/bench');
const STEPS = ['commissioning', 'packing', 'shipping', 'receiving', 'storing', 'retail_selling'];
const EVENTS_A_BATCH = 500;
/** From commissioning to retail: what a query by EPC answers does not grow with the repository. */
export const EVENTS_AN_EPC = STEPS.length;
export const START_MS = Date.parse('2024-01-01T00:00:00Z');
export const EVENT_EVERY_MS = 10_000;
export const READ_POINTS = 200;

export function epcOf(no: number): string {
  return `urn:epc:id:sgtin:0614141.1${String(no % 1_000).padStart(5, '0')}.${no}`;
}

export function readPointOf(no: number): string {
  return `urn:epc:id:sgln:0614141.${String(no % READ_POINTS).padStart(5, '0')}.${no % 7}`;
}

/** What a chilled product's events say, with a temperature of −5 to 35 °C that is seldom too high. */
export function coldChainEvent(no: number, random: () => number): ReadEvent {
  const group = Math.floor(no / (EVENTS_AN_EPC * 10));
  const within = no % (EVENTS_AN_EPC * 10);
  const step = STEPS[Math.floor(within / 10)];
  if (step === undefined) throw new Error('every event has a step');
  const eventId = `ni:///sha-256;${toHex(sha256(new Uint8Array(new BigUint64Array([BigInt(no)]).buffer)))}?ver=CBV2.0`;
  const time = new Date(START_MS + no * EVENT_EVERY_MS).toISOString();
  const celsius = Math.round((-5 + 40 * random() ** 8 + random()) * 100) / 100;
  const event = {
    type: 'ObjectEvent',
    eventID: eventId,
    eventTime: time,
    eventTimeZoneOffset: '+00:00',
    action: step === 'commissioning' ? 'ADD' : 'OBSERVE',
    bizStep: step,
    disposition: step === 'shipping' ? 'in_transit' : 'in_progress',
    epcList: [epcOf(group * 10 + (within % 10))],
    readPoint: { id: readPointOf(Math.floor(random() * READ_POINTS)) },
    bizLocation: { id: readPointOf(no) },
    sensorElementList: [
      {
        sensorMetadata: {
          time,
          deviceID: `urn:epc:id:giai:0614141.${no % 100}`,
          bizRules: 'urn:rule:1',
        },
        sensorReport: [{ type: 'Temperature', value: celsius, uom: 'CEL' }],
      },
    ],
  };
  return { event, context: null, eventId };
}

/** Database with so many events in its index; built once, then kept. Also the rate of building. */
export function eventStore(count: number): { file: string; builtPerSecond: number | null } {
  const schema = toHex(sha256(new TextEncoder().encode(SCHEMA))).slice(0, 8);
  const file = join(CACHE, `events-${schema}-${count}.sqlite`);
  if (existsSync(file)) return { file, builtPerSecond: null };
  const building = `${file}.building`;
  for (const end of ['', '-wal', '-shm']) rmSync(`${building}${end}`, { force: true });
  mkdirSync(dirname(building), { recursive: true });
  const db = openDatabase(building);
  // What a power cut destroys here is built again.
  db.pragma('synchronous = OFF');
  const index = new EventIndex(db);
  const random = seededRandom(1);
  const started = performance.now();
  for (let from = 0; from < count; from += EVENTS_A_BATCH) {
    db.transaction(() => {
      for (let no = from; no < Math.min(from + EVENTS_A_BATCH, count); no += 1) {
        const recordMs = START_MS + from * EVENT_EVERY_MS;
        index.add(coldChainEvent(no, random), { leafIndex: no + 1, recordMs });
      }
    })();
  }
  const builtPerSecond = (count / (performance.now() - started)) * 1_000;
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  renameSync(building, file);
  return { file, builtPerSecond };
}
