import { setImmediate } from 'node:timers/promises';
import { parseCalibrationRecord } from '@truegrain/device-sdk/formats/calibration-record.js';
import type { Seen } from '@truegrain/device-sdk/formats/examination.js';
import { parseRegistration } from '@truegrain/device-sdk/formats/registration.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import { Proofs } from '../log/proofs.ts';
import { statementAt } from '../reads/breaches.ts';
import type { ReadContext } from '../reads/read-context.ts';
import { isBoundary, logTimeAt } from './log-time.ts';

/**
 * What the first `size` leaves say, asked of the tables as they are now: every row that counts bears
 * the leaf that made it, so leaves that come meanwhile change nothing. Null for a size inside a batch.
 */
export async function seenAt(context: ReadContext, size: number): Promise<Seen | null> {
  if (!isBoundary(context, size)) return null;
  const { store } = context;
  const { db } = store;
  const count = (sql: string) => db.prepare(sql).pluck().get(size) as number;
  const proofs = new Proofs((level, index) => store.tiles.get(level, index));
  return {
    root: proofs.root(size),
    devices: devicesAt(context, size).size,
    ...(await streamsAt(context, size)),
    refusals: count('SELECT count(*) FROM refusal WHERE batch_leaf < ?'),
    overdueCalibrations: overdueAt(context, size),
    broken: count('SELECT count(*) FROM ruling WHERE batch_leaf < ?'),
  };
}

/**
 * Stream by stream, with the gateway's own work in between: over all rows at once a large ledger would
 * stand still for as long as they are counted. A number that came later is missing at that size.
 */
async function streamsAt(
  { store, state }: ReadContext,
  size: number,
): Promise<Pick<Seen, 'statements' | 'missing'>> {
  const ofKey = store.db.prepare(
    `SELECT count(*) AS held, count(DISTINCT seq) AS numbers, coalesce(max(seq), 0) AS top
     FROM pack WHERE key_no = ? AND leaf_index < ?`,
  );
  const seen = { statements: 0, missing: 0 };
  const keys = state().keys.filter(({ role, fromLeaf }) => role === 'device' && fromLeaf < size);
  for (const { no } of keys) {
    const { held, numbers, top } = ofKey.get(no, size) as StreamRow;
    seen.statements += held;
    seen.missing += top - numbers;
    await setImmediate();
  }
  return seen;
}

interface StreamRow {
  readonly held: number;
  readonly numbers: number;
  readonly top: number;
}

/** Ever registered, with whether a key of it was in force. */
function devicesAt({ state }: ReadContext, size: number): Map<string, boolean> {
  const devices = new Map<string, boolean>();
  for (const { role, iss, fromLeaf, untilLeaf } of state().keys) {
    if (role !== 'device' || fromLeaf >= size) continue;
    const isInForce = untilLeaf === null || untilLeaf >= size;
    devices.set(iss, isInForce || devices.get(iss) === true);
  }
  return devices;
}

type Instrument = Pick<Sensor, 'serial' | 'unit'> & { readonly dueMs: number };

/**
 * Sensors whose newest certificate had run out: the one that the log has for the instrument that is
 * registered, else the registration's. Folded again from their leaves: the state has today's alone.
 */
function overdueAt(context: ReadContext, size: number): number {
  const active = devicesAt(context, size);
  const instruments = new Map<string, Map<string, Instrument>>();
  for (const payload of payloadsOf(context, 'registration', size)) {
    const registration = parseRegistration(payload);
    if (!registration.ok) throw new Error(registration.detail);
    const { device, sensors } = registration.value;
    if (!active.get(device)) continue;
    const dated = sensors.map(({ name, serial, unit, calibration }) => {
      const dueMs = calibration?.dueMs ?? Number.POSITIVE_INFINITY;
      return [name, { serial, unit, dueMs }] as const;
    });
    instruments.set(device, new Map(dated));
  }
  for (const payload of payloadsOf(context, 'calibration', size)) {
    const record = parseCalibrationRecord(payload);
    if (!record.ok) throw new Error(record.detail);
    const { device, sensor, serial, unit, dueMs } = record.value;
    const known = instruments.get(device)?.get(sensor);
    if (known?.serial !== serial || known.unit !== unit) continue;
    instruments.get(device)?.set(sensor, { serial, unit, dueMs });
  }
  const logTimeMs = logTimeAt(context, size - 1);
  const all = [...instruments.values()].flatMap((sensors) => [...sensors.values()]);
  return all.filter(({ dueMs }) => dueMs < logTimeMs).length;
}

function payloadsOf(context: ReadContext, kind: string, size: number): Uint8Array[] {
  return context.store.fold.leavesOfKinds([kind], size).map((leafIndex) => {
    const statement = statementAt(context, leafIndex);
    if (!statement) throw new Error(`leaf ${leafIndex} is missing`);
    return statement.payloadBytes;
  });
}
