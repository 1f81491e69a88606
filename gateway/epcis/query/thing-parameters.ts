// What an event is about: MATCH_ parameters (EPCIS 2.0 §8.2.7.1.1), quantities, and the lists with
// types.

import { CLASS_ROLE, ROLE } from '../event-role.ts';
import { readEpcPattern } from '../gs1/epc-pattern.ts';
import { canonicalUri } from '../gs1/epc-translation.ts';
import { measureName, typedName } from '../index/fact-names.ts';
import { measureValue, textValue } from '../index/fact-values.ts';
import type { Json } from '../json.ts';
import { type Comparison, pointAt } from './interval.ts';
import { anyOf, bound, type Draft, take, wordsOf } from './query-draft.ts';
import { readNumbers, readOneNumber, readUris } from './query-values.ts';

const { epc, parent, child, input, output } = ROLE;

const MATCH_ROLES: ReadonlyMap<string, readonly number[]> = new Map([
  ['epc', [epc, child]],
  ['parentID', [parent]],
  ['inputEPC', [input]],
  ['outputEPC', [output]],
  ['anyEPC', [epc, parent, child, input, output]],
  ['epcClass', [epc, child].map(ofClass)],
  ['inputEPCClass', [ofClass(input)]],
  ['outputEPCClass', [ofClass(output)]],
  ['anyEPCClass', [epc, child, input, output].map(ofClass)],
]);

function ofClass(role: number): number {
  return CLASS_ROLE + role;
}

const TYPED = /^EQ_(bizTransaction|source|destination)_(.+)$/;
const QUANTITY = /^(EQ|GT|GE|LT|LE)_quantity(?:_([A-Z0-9]{2,4}))?$/;

/** False where `name` is no parameter of this group. */
export function readThingParameter(draft: Draft, name: string, value: Json): boolean {
  const roles = name.startsWith('MATCH_')
    ? MATCH_ROLES.get(name.slice('MATCH_'.length))
    : undefined;
  if (roles) return match(draft, name, { value, roles });
  const [, field, type = ''] = TYPED.exec(name) ?? [];
  if (field !== undefined) return typed(draft, name, { field: field as TypedField, type, value });
  const [, by, uom] = QUANTITY.exec(name) ?? [];
  if (by === undefined) return false;
  return measured(draft, name, { attribute: 'quantity', by: by as Comparison, uom, value });
}

function match(
  draft: Draft,
  name: string,
  { value, roles }: { value: Json; roles: readonly number[] },
): true {
  const uris = take(draft, name, readUris(value))?.map(canonicalUri) ?? null;
  const wrong = uris?.find(
    (uri) => uri.startsWith('urn:epc:idpat:') && readEpcPattern(uri) === null,
  );
  if (wrong !== undefined) draft.refuse(name, `has ${JSON.stringify(wrong)}, which is no pattern`);
  else if (uris !== null) draft.conditions.push({ kind: 'things', uris, roles });
  return true;
}

type TypedField = 'bizTransaction' | 'source' | 'destination';

function typed(
  draft: Draft,
  name: string,
  { field, type, value }: { field: TypedField; type: string; value: Json },
): true {
  const list = field === 'bizTransaction' ? 'bizTransactionType' : 'sourceDestType';
  const uris = take(draft, name, readUris(value));
  const [uri] = wordsOf(draft, name, { list, texts: [type] }) ?? [];
  if (uris && uri !== undefined) anyOf(draft, typedName(field, uri), uris.map(textValue));
  return true;
}

/** Compared in the base unit; without one, the number as it was captured. */
export function measured(
  draft: Draft,
  name: string,
  asked: { attribute: string; by: Comparison; uom: string | undefined; value: Json },
): true {
  const { attribute, by, uom, value } = asked;
  const one = by === 'EQ' ? null : take(draft, name, readOneNumber(value));
  const all = by === 'EQ' ? take(draft, name, readNumbers(value)) : one === null ? null : [one];
  if (all === null) return true;
  const bases = all.map((number) =>
    uom === undefined ? { value: number, unit: null } : measureValue(attribute, number, uom),
  );
  const [first] = bases;
  if (!first || bases.includes(null)) {
    draft.refuse(name, `has ${uom}, which is no unit code of UN/ECE Recommendation 20`);
    return true;
  }
  const number = first.unit === null ? attribute : measureName(attribute, first.unit);
  const values = bases.flatMap((base) => (base ? [base.value] : []));
  if (by !== 'EQ') bound(draft, number, by, first.value);
  else draft.conditions.push({ kind: 'number', name: number, intervals: values.map(pointAt) });
  return true;
}
