// A dcc:quantity: its values in each unit it is given in, with their expanded uncertainty (D-SI 1 and 2).

/** @module dcc-quantity */
import { type SenmlMeasure, senmlMeasure, tidy } from './dsi-unit.ts';
import type { QName, XmlFields } from './xml-fields.ts';

export interface Column {
  readonly dsiUnit: string;
  /** SenML; null where it has none. Then the numbers are in `dsiUnit`. */
  readonly unit: string | null;
  readonly values: readonly number[];
  /** The largest of its values; null where none is stated. */
  readonly uncertainty: Uncertainty | null;
}

export interface Uncertainty {
  readonly expanded: number;
  readonly coverageFactor: number;
}

/** One column for `si:real` and `si:realListXMLList`, several for `si:hybrid`: the same values. */
export function columnsOf(quantity: XmlFields): Column[] {
  const holders = [quantity, ...quantity.all('si:hybrid')];
  return holders.flatMap((holder) => [
    ...holder.all('si:real').flatMap((real) => readColumn(real, '')),
    ...holder.all('si:realListXMLList').flatMap((list) => readColumn(list, 'XMLList')),
  ]);
}

type Suffix = '' | 'XMLList';

function readColumn(fields: XmlFields, suffix: Suffix): Column | [] {
  const units = fields.one(`si:unit${suffix}`).words();
  const [dsiUnit = ''] = units;
  const measure = senmlMeasure(dsiUnit);
  const values = fields.one(`si:value${suffix}`).numbers();
  if (suffix === '' && values.length !== 1) fields.odd(`${values.length} values`);
  // A list may name a unit for each value; mixed ones are no points of one range.
  if (units.some((unit) => unit !== dsiUnit)) return [];
  const scaled = (value: number) => tidy(value * (measure?.scale ?? 1));
  return {
    dsiUnit,
    unit: measure?.unit ?? null,
    values: values.map(scaled),
    uncertainty: readUncertainty(fields, suffix, { count: values.length, measure }),
  };
}

function readUncertainty(
  fields: XmlFields,
  suffix: Suffix,
  { count, measure }: { count: number; measure: SenmlMeasure | null },
): Uncertainty | null {
  const [holder, name] = uncertaintyIn(fields, suffix);
  if (!holder) return null;
  const expanded = holder.one(name).numbers();
  const factors = holder.one(`si:coverageFactor${suffix}`).numbers();
  for (const numbers of [expanded, factors]) {
    if (numbers.length !== 1 && numbers.length !== count) holder.odd(`${numbers.length} values`);
    // None at all would be a claim that nobody can make.
    if (!numbers.every((number) => number > 0)) holder.odd('not positive');
  }
  const largest = Math.max(...expanded);
  const at = expanded.indexOf(largest);
  const coverageFactor = factors[at] ?? factors[0] ?? 0;
  return { expanded: tidy(largest * (measure?.scale ?? 1)), coverageFactor };
}

/** D-SI 1 and D-SI 2 name it differently; a standard uncertainty or an interval is neither. */
function uncertaintyIn(fields: XmlFields, suffix: Suffix): [XmlFields | null, QName] {
  const first = fields.optional(`si:expandedUnc${suffix}`);
  if (first) return [first, `si:uncertainty${suffix}`];
  const second = fields
    .optional(`si:measurementUncertaintyUnivariate${suffix}`)
    ?.optional(`si:expandedMU${suffix}`);
  return [second ?? null, `si:valueExpandedMU${suffix}`];
}
