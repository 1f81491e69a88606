// Refusals are values; only bugs throw (DESIGN §4).

/** @module result */
import type { FormatErrorCode } from './errors.ts';

export type Ok<T> = { readonly ok: true; readonly value: T };
export type Refused<C extends string = FormatErrorCode> = {
  readonly ok: false;
  readonly code: C;
  /** For people and logs; programs decide on `code` alone. */
  readonly detail: string;
};
export type Result<T, C extends string = FormatErrorCode> = Ok<T> | Refused<C>;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function fail<C extends string = FormatErrorCode>(code: C, detail: string): Refused<C> {
  return { ok: false, code, detail };
}
