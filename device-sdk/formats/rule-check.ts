// SPEC.md §10.2: what a rule asks of readings; common checks are native, the rest is CEL.

/** @module rule-check */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';

/**
 * Over the readings of one sensor in a window that ends with the statement. `mkt` is the mean kinetic
 * temperature (ΔH/R = 10,000 K, USP <1079.2>) in the readings' unit; `outsideS` the seconds that
 * readings were outside [`outside.min`, `outside.max`], which is what an excursion budget counts.
 */
export const AGGREGATES = ['min', 'max', 'mean', 'count', 'mkt', 'outsideS'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export type RuleCheck =
  /** Every sensor of that quantity gives one of these units. */
  | { readonly kind: 'unit'; readonly quantity: string; readonly units: readonly string[] }
  /** Every reading of that quantity lies within; the ends belong to the range, null is open. */
  | ({ readonly kind: 'range'; readonly quantity: string; readonly unit: string } & Bounds)
  /** The aggregate of every sensor of that quantity lies within. */
  | ({
      readonly kind: 'window';
      readonly quantity: string;
      readonly unit: string;
      /** Seconds; 1 to `WINDOW_S_MAX`. */
      readonly windowS: number;
      readonly aggregate: Aggregate;
      /** For `outsideS` alone, else null. */
      readonly outside: Bounds | null;
    } & Bounds)
  /** True where the statement keeps the rule. */
  | {
      readonly kind: 'cel';
      readonly expression: string;
      /** Seconds that the variable `window` covers; null where the expression has none. */
      readonly windowS: number | null;
    };

export interface Bounds {
  readonly min: number | null;
  readonly max: number | null;
}

export const WINDOW_S_MAX = 31 * 86_400;
export const EXPRESSION_LENGTH_MAX = 2_048;
const QUANTITY = { max: 64 } as const;
const UNIT = { max: 16 } as const;

export function ruleCheckMap(check: RuleCheck): CborMap {
  const map = new Map<CborKey, CborValue>([['kind', check.kind]]);
  if (check.kind === 'cel') {
    return map.set('expression', check.expression).set('windowS', check.windowS);
  }
  map.set('quantity', check.quantity);
  if (check.kind === 'unit') return map.set('units', [...check.units]);
  map.set('unit', check.unit).set('min', check.min).set('max', check.max);
  if (check.kind === 'range') return map;
  map.set('windowS', check.windowS).set('aggregate', check.aggregate);
  return map.set('outside', check.outside === null ? null : boundsMap(check.outside));
}

function boundsMap({ min, max }: Bounds): CborMap {
  return new Map<CborKey, CborValue>([
    ['min', min],
    ['max', max],
  ]);
}

export function readRuleCheck(fields: Fields): RuleCheck {
  const kind = fields.oneOf('kind', ['unit', 'range', 'window', 'cel']);
  const check = readKind(fields, kind);
  fields.close();
  return check;
}

function readKind(fields: Fields, kind: RuleCheck['kind']): RuleCheck {
  if (kind === 'cel') {
    return {
      kind,
      expression: fields.prose('expression', { max: EXPRESSION_LENGTH_MAX }),
      windowS: fields.isNull('windowS') ? null : readWindowS(fields),
    };
  }
  const quantity = fields.text('quantity', QUANTITY);
  if (kind === 'unit') {
    const units = fields.texts(
      'units',
      { min: 1, max: 16 },
      (unit) => unit.length > 0 && unit.length <= UNIT.max,
    );
    return { kind, quantity, units };
  }
  const unit = fields.text('unit', UNIT);
  const bounds = readBounds(fields);
  if (kind === 'range') return { kind, quantity, unit, ...bounds };
  const aggregate = fields.oneOf('aggregate', AGGREGATES);
  const outside = fields.isNull('outside') ? null : readOutside(fields.map('outside'));
  if ((aggregate === 'outsideS') !== (outside !== null)) {
    fields.odd('outside', 'bounds go with outsideS and with nothing else');
  }
  return { kind, quantity, unit, windowS: readWindowS(fields), aggregate, outside, ...bounds };
}

function readWindowS(fields: Fields): number {
  return fields.uint('windowS', { min: 1, max: WINDOW_S_MAX });
}

function readOutside(fields: Fields): Bounds {
  const bounds = readBounds(fields);
  fields.close();
  return bounds;
}

/** At least one end: a rule that refuses nothing is none. */
function readBounds(fields: Fields): Bounds {
  const min = fields.numberOrNull('min');
  const max = fields.numberOrNull('max');
  if (min === null && max === null) fields.odd('min', 'neither end is bounded');
  if (min !== null && max !== null && min > max) fields.odd('min', 'above max');
  return { min, max };
}
