import { GRADE_BYTES } from '@truegrain/device-sdk/formats/grade.js';
import { calibrationOf, type Law } from '@truegrain/device-sdk/formats/law-state.js';
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
  /** What the statement is about. */
  subject: string;
  /** Evidence in the log; null in a ledger without law, where the registration's word is taken. */
  law: Law | null;
}

export function gradeOf(input: GradeInput): number {
  const axes = input.law ? provenAxes(input.device, input.law) : axesOf(input.device);
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
  const metrology = overdue ? Math.min(1, axes.metrology) : axes.metrology;
  const { law, subject } = input;
  const binding = law ? Math.min(axes.binding, bindingProven(law, subject)) : axes.binding;
  return (((axes.origin << 4) | axes.key) << 16) | (((metrology << 4) | binding) << 8) | flags;
}

interface Axes {
  origin: number;
  key: number;
  binding: number;
  /** While no certificate has run out. */
  metrology: number;
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
    metrology:
      sensors.length > 0 && sensors.every(({ calibration }) => calibration !== null) ? 2 : 1,
    calibrationDueMs: Math.min(Number.POSITIVE_INFINITY, ...due),
  };
  axesKnown.set(device, axes);
  return axes;
}

const provenKnown = new WeakMap<DeviceRecord, { of: Law['calibrations']; axes: Axes }>();

/**
 * The registration's word, capped by what stands in the log: a level above `pkcs11-soft` needs an
 * attestation, of which there is no format yet; a certificate that was read counts by its signature.
 */
function provenAxes(device: DeviceRecord, { calibrations }: Law): Axes {
  const known = provenKnown.get(device);
  if (known?.of === calibrations) return known.axes;
  const stated = axesOf(device);
  const sensors = device.sensors.filter(({ unit }) => unit !== null);
  const graded = sensors.map((sensor) => {
    const record = calibrationOf(calibrations, device.device, sensor);
    if (record) {
      return { metrology: record.signature === 'verified' ? 3 : 2, dueMs: record.dueMs };
    }
    const { calibration } = sensor;
    return {
      metrology: calibration ? 2 : 1,
      dueMs: calibration?.dueMs ?? Number.POSITIVE_INFINITY,
    };
  });
  const axes = {
    origin: stated.origin,
    key: Math.min(2, stated.key),
    binding: stated.binding,
    // A value without a unit measures nothing.
    metrology: sensors.length === 0 ? 0 : Math.min(...graded.map(({ metrology }) => metrology)),
    calibrationDueMs: Math.min(Number.POSITIVE_INFINITY, ...graded.map(({ dueMs }) => dueMs)),
  };
  provenKnown.set(device, { of: calibrations, axes });
  return axes;
}

/** What ties a thing to its name, by the log: a tag that proved itself, a seal read at both ends. */
function bindingProven({ tags, seals }: Law, subject: string): number {
  const seal = seals.get(subject);
  const { closing = null, opening = null } = seal ?? {};
  const isBroken = closing && opening && opening.number !== closing.number;
  const isSealed = closing && opening && !isBroken;
  const isPhotographed = isSealed && closing.photo !== null && opening.photo !== null;
  if (isPhotographed && closing.sealClass === 'H') return 4;
  if (isBroken) return 1;
  return taggedThings(tags).has(subject) ? 3 : 2;
}

const thingsKnown = new WeakMap<Law['tags'], ReadonlySet<string>>();

function taggedThings(tags: Law['tags']): ReadonlySet<string> {
  const known = thingsKnown.get(tags);
  if (known) return known;
  const things = new Set([...tags.values()].map(({ subject }) => subject));
  thingsKnown.set(tags, things);
  return things;
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
