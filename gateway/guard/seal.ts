// A mechanical freight-container seal (ISO 17712), its number recorded at both ends of a transport.

/** @module seal */
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';

/** ISO 17712: indicative, security, high security. */
export type SealClass = 'I' | 'S' | 'H';

export interface SealClosing {
  /** As marked on the seal. */
  readonly number: string;
  readonly sealClass: SealClass;
  readonly atMs: number;
}

export interface SealOpening extends SealClosing {
  /** Whoever opened it looked for signs of tampering and found none. */
  readonly intact: boolean;
}

export type SealRefusal =
  /** No number that could be compared. */
  | 'seal_form'
  | 'seal_differs'
  | 'seal_class'
  /** Opened before it was closed. */
  | 'seal_order'
  | 'seal_broken';

const NUMBER = /^[0-9A-Z]{4,20}$/;

/** A seal protects a closure only if its number is recorded and checked. */
export function sealAgrees(
  closing: SealClosing,
  opening: SealOpening,
): Result<{ readonly number: string; readonly sealClass: SealClass }, SealRefusal> {
  const [closed, opened] = [markOf(closing.number), markOf(opening.number)];
  if (!NUMBER.test(closed) || !NUMBER.test(opened)) {
    return fail('seal_form', 'a number of 4 to 20 letters and digits');
  }
  if (closed !== opened) return fail('seal_differs', `closed ${closed}, opened ${opened}`);
  if (closing.sealClass !== opening.sealClass) {
    return fail('seal_class', `closed ${closing.sealClass}, opened ${opening.sealClass}`);
  }
  if (opening.atMs < closing.atMs) return fail('seal_order', 'opened before it was closed');
  if (!opening.intact) return fail('seal_broken', closed);
  return ok({ number: closed, sealClass: closing.sealClass });
}

/** Blanks and hyphens are how people group it; the letters on a seal are capitals. */
function markOf(number: string): string {
  return number.replace(/[\s-]/g, '').toUpperCase();
}
