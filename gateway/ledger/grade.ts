import { GRADE_BYTES } from '@truegrain/device-sdk/formats/grade.js';
import type { DeviceRecord } from './state.ts';

/**
 * Digitizability of one statement (DESIGN §5, reference table in SPEC.md §5): four axes 0 to 4 and
 * the flags that cap them, computed from the registration and never claimed by the device.
 * Three bytes: origin‖key, metrology‖binding, flags; as one number for the read model.
 */
export const FLAG = {
  late: 1,
  fork: 2,
  untrustedClock: 4,
  gapBefore: 8,
  suspect: 16,
  calibrationOverdue: 32,
} as const;

/** A host-signed bus reading never exceeds 2: the wire is not authenticated (DESIGN §9). */
const ORIGIN: Record<string, number> = {
  'modbus-rtu': 2,
  'modbus-tcp': 2,
  'one-wire': 2,
  nmea: 2,
  scanner: 2,
  gpio: 2,
  i2c: 2,
};
const KEY_LEVEL: Record<string, number> = {
  file: 1,
  'file-encrypted': 1,
  'pkcs11-soft': 2,
  tpm2: 3,
  'secure-element': 3,
};
const BINDING: Record<string, number> = {
  none: 0,
  label: 1,
  tag: 2,
  'tag-counter': 3,
  'tag-tamper': 4,
};

export interface GradeInput {
  device: DeviceRecord;
  logTimeMs: number;
  quality: number;
  late: boolean;
  /** This statement is the evidence, or its key was caught before. */
  forked: boolean;
  gapBefore: boolean;
  suspect: boolean;
}

export function gradeOf(input: GradeInput): number {
  const axes = axesOf(input.device);
  const overdue = axes.calibrationDueMs < input.logTimeMs;
  let flags = 0;
  if (input.late) flags |= FLAG.late;
  if (input.forked) flags |= FLAG.fork;
  if (input.quality <= 1) flags |= FLAG.untrustedClock;
  if (input.gapBefore) flags |= FLAG.gapBefore;
  if (input.suspect) flags |= FLAG.suspect;
  if (overdue) flags |= FLAG.calibrationOverdue;
  // A key with two histories proves nothing until its owner rotates it (DESIGN §4).
  if (input.forked) return flags;
  const metrology = axes.calibrated && !overdue ? 2 : 1;
  return (((axes.origin << 4) | axes.key) << 16) | (((metrology << 4) | axes.binding) << 8) | flags;
}

interface Axes {
  origin: number;
  key: number;
  binding: number;
  /** Every sensor has a certificate. */
  calibrated: boolean;
  /** The first of them to run out; infinite where there is none. */
  calibrationDueMs: number;
}

const axesKnown = new WeakMap<DeviceRecord, Axes>();

/** The weakest sensor counts: a statement does not say which of its readings matter. */
function axesOf(device: DeviceRecord): Axes {
  const known = axesKnown.get(device);
  if (known) return known;
  const { sensors } = device;
  const due = sensors.map((sensor) => sensor.calibration?.dueMs ?? Number.POSITIVE_INFINITY);
  const axes = {
    origin: Math.min(4, ...sensors.map((sensor) => ORIGIN[sensor.interface] ?? 0)),
    key: KEY_LEVEL[device.keyLevel] ?? 0,
    binding: BINDING[device.binding] ?? 0,
    calibrated: sensors.length > 0 && sensors.every((sensor) => sensor.calibration !== null),
    calibrationDueMs: Math.min(Number.POSITIVE_INFINITY, ...due),
  };
  axesKnown.set(device, axes);
  return axes;
}

export function packGrades(grades: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(grades.length * GRADE_BYTES);
  for (const [i, grade] of grades.entries()) {
    bytes[i * GRADE_BYTES] = grade >> 16;
    bytes[i * GRADE_BYTES + 1] = grade >> 8;
    bytes[i * GRADE_BYTES + 2] = grade;
  }
  return bytes;
}

export function gradeAt(grades: Uint8Array, index: number): number {
  const at = index * GRADE_BYTES;
  return ((grades[at] ?? 0) << 16) | ((grades[at + 1] ?? 0) << 8) | (grades[at + 2] ?? 0);
}
