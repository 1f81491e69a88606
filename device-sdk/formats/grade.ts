// SPEC.md §4.7: the grade of a statement, three bytes of a batch.

/** @module grade */

export type Axis = 0 | 1 | 2 | 3 | 4;

/** Four axes from 0 to 4, computed from evidence by the gateway that admitted the statement. */
export interface Grade {
  readonly origin: Axis;
  readonly key: Axis;
  readonly metrology: Axis;
  readonly binding: Axis;
  /** It came after higher numbers of the same stream and filled a gap. */
  readonly late: boolean;
  /** Its key signed two statements under one number. */
  readonly fork: boolean;
  /** Time quality none or floor. */
  readonly untrustedClock: boolean;
  /** Numbers before it are missing and no gap record explains them. */
  readonly gapBefore: boolean;
  /** It carries a reading flagged suspect. */
  readonly suspectReading: boolean;
  readonly calibrationOverdue: boolean;
}

export const GRADE_BYTES = 3;
const FLAGS = [
  'late',
  'fork',
  'untrustedClock',
  'gapBefore',
  'suspectReading',
  'calibrationOverdue',
] as const satisfies readonly (keyof Grade)[];

/** origin<<4|key, metrology<<4|binding, flags from bit 0 in the order above. */
export function encodeGrades(grades: readonly Grade[]): Uint8Array {
  const out = new Uint8Array(grades.length * GRADE_BYTES);
  for (const [i, grade] of grades.entries()) {
    out[3 * i] = (grade.origin << 4) | grade.key;
    out[3 * i + 1] = (grade.metrology << 4) | grade.binding;
    let flags = 0;
    for (const [bit, flag] of FLAGS.entries()) if (grade[flag]) flags |= 1 << bit;
    out[3 * i + 2] = flags;
  }
  return out;
}

/** Null where the bytes hold no grade at that index. */
export function gradeAt(grades: Uint8Array, index: number): Grade | null {
  const at = index * GRADE_BYTES;
  if (!Number.isSafeInteger(index) || at < 0 || at + GRADE_BYTES > grades.length) return null;
  const [first = 0, second = 0, flags = 0] = grades.subarray(at, at + GRADE_BYTES);
  return {
    origin: (first >> 4) as Axis,
    key: (first & 15) as Axis,
    metrology: (second >> 4) as Axis,
    binding: (second & 15) as Axis,
    late: (flags & 1) !== 0,
    fork: (flags & 2) !== 0,
    untrustedClock: (flags & 4) !== 0,
    gapBefore: (flags & 8) !== 0,
    suspectReading: (flags & 16) !== 0,
    calibrationOverdue: (flags & 32) !== 0,
  };
}

/** Whole grades only, no axis above 4, no unknown flag. */
export function areGrades(bytes: Uint8Array, count: number): boolean {
  if (bytes.length !== count * GRADE_BYTES) return false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (i % 3 === 2 ? byte >= 1 << FLAGS.length : byte >> 4 > 4 || (byte & 15) > 4) return false;
  }
  return true;
}
