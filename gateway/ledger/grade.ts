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
  const { device } = input;
  const overdue = device.sensors.some(
    (s) => s.calibration && s.calibration.dueMs < input.logTimeMs,
  );
  let flags = 0;
  if (input.late) flags |= FLAG.late;
  if (input.forked) flags |= FLAG.fork;
  if (input.quality <= 1) flags |= FLAG.untrustedClock;
  if (input.gapBefore) flags |= FLAG.gapBefore;
  if (input.suspect) flags |= FLAG.suspect;
  if (overdue) flags |= FLAG.calibrationOverdue;
  // A key with two histories proves nothing until its owner rotates it (DESIGN §4).
  if (input.forked) return flags;
  const origin = Math.min(...device.sensors.map((s) => ORIGIN[s.interface] ?? 0), 4);
  const key = KEY_LEVEL[device.keyLevel] ?? 0;
  const binding = BINDING[device.binding] ?? 0;
  return (
    (((origin << 4) | key) << 16) | (((metrology(device, overdue) << 4) | binding) << 8) | flags
  );
}

function metrology(device: DeviceRecord, overdue: boolean): number {
  const calibrated = device.sensors.every((sensor) => sensor.calibration !== null);
  return calibrated && !overdue && device.sensors.length > 0 ? 2 : 1;
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
