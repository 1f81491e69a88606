import type { PackRecordFields } from '@truegrain/device-sdk/formats/pack-encode.js';
import type { SensorSpec } from '../../gateway/http/backend.ts';
import {
  type SignedFrame,
  type SoloRig,
  TEMPERATURE_SPEC,
  type TestDevice,
} from './solo-ledger.ts';

export const HANDED_ITEM = 'https://id.gs1.org/00/395212300000000018';

function textSensor(name: string): SensorSpec {
  const none = { unit: null, min: null, max: null, resolution: null, calibration: null };
  return { name, quantity: 'hand-over', interface: 'scanner', ...none };
}

function numberSensor(name: string, unit: string): SensorSpec {
  const limits = { min: -100, max: 1e9, resolution: 0.01, calibration: null };
  return { name, quantity: 'hand-over', interface: 'scanner', unit, ...limits };
}

export const HANDOVER_SENSORS: SensorSpec[] = [
  TEMPERATURE_SPEC,
  ...['scan', 'role', 'item', 'seal', 'number', 'counterpart'].map((name) =>
    textSensor(name === 'scan' ? name : `handover.${name}`),
  ),
  numberSensor('handover.count', 'count'),
  numberSensor('handover.since', 's'),
  numberSensor('handover.faults', 'count'),
  numberSensor('handover.min.temp', 'Cel'),
  numberSensor('handover.max.temp', 'Cel'),
];

export interface HalfWishes {
  readonly items?: readonly string[];
  readonly seal?: string;
  readonly number?: string;
  readonly count?: number;
  readonly more?: Omit<PackRecordFields, 'timeMs'>[];
  readonly quality?: 0;
}

/** A pack as the firmware would close it: other readings around the half, all of one time within it. */
export function handoverHalf(
  rig: SoloRig,
  wishes: { device: TestDevice; role: string; agoMs: number } & HalfWishes,
): SignedFrame {
  const { device, role, agoMs } = wishes;
  const { items = [HANDED_ITEM], seal = 'S-7', number, count = items.length, more = [] } = wishes;
  const timeMs = wishes.quality === 0 ? -agoMs : rig.nowMs - agoMs;
  const records = [
    { name: 'handover.role', value: role },
    ...items.map((value) => ({ name: 'handover.item', value })),
    { name: 'handover.seal', value: seal },
    ...(number === undefined ? [] : [{ name: 'handover.number', value: number }]),
    { name: 'handover.count', unit: 'count', value: count },
    ...more,
  ];
  const reading = { name: 'temp', unit: 'Cel', value: 4 };
  return rig.pack(
    device,
    [
      { ...reading, timeMs: timeMs - 500 },
      ...records.map((one) => ({ ...one, timeMs })),
      { name: 'scan', value: 'S-9', timeMs: timeMs + (wishes.quality === 0 ? 0 : 500) },
    ],
    wishes.quality === 0 ? { quality: 0 } : {},
  );
}
