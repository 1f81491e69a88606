import { epcFault } from '../gs1/epc-translation.ts';
import { isUnitCode } from '../gs1/rec20.ts';
import { isJsonObject, itemsOf, type Json, type JsonObject } from '../json.ts';
import type { Place } from './place.ts';
import { member } from './shape.ts';

/** Things, classes, places, parties, transactions and devices, and how much there is of a class. */

const EPC_FIELDS = ['parentID', 'transformationID'];
const EPC_LISTS = ['epcList', 'childEPCs', 'inputEPCList', 'outputEPCList'];
const QUANTITY_LISTS = [
  'quantityList',
  'childQuantityList',
  'inputQuantityList',
  'outputQuantityList',
];
/** Lists of objects, and the field of each object that holds the identifier. */
const KEYED_LISTS: readonly (readonly [list: string, field: string])[] = [
  ...QUANTITY_LISTS.map((list) => [list, 'epcClass'] as const),
  ['bizTransactionList', 'bizTransaction'],
  ['sourceList', 'source'],
  ['destinationList', 'destination'],
];

export function identifierRules(event: JsonObject, at: Place): void {
  for (const name of EPC_FIELDS) epcRule(member(event, name), at.at(name));
  for (const name of EPC_LISTS) {
    for (const [index, epc] of listOf(event, name).entries()) epcRule(epc, at.at(name).at(index));
  }
  for (const name of ['readPoint', 'bizLocation'])
    fieldRule(member(event, name), 'id', at.at(name));
  for (const [name, field] of KEYED_LISTS) {
    for (const [index, one] of listOf(event, name).entries()) {
      fieldRule(one, field, at.at(name).at(index));
    }
  }
  for (const [index, element] of listOf(event, 'sensorElementList').entries()) {
    if (isJsonObject(element)) deviceRules(element, at.at('sensorElementList').at(index));
  }
}

function deviceRules(element: JsonObject, at: Place): void {
  fieldRule(member(element, 'sensorMetadata'), 'deviceID', at.at('sensorMetadata'));
  for (const [index, report] of listOf(element, 'sensorReport').entries()) {
    fieldRule(report, 'deviceID', at.at('sensorReport').at(index));
  }
}

function fieldRule(owner: Json | undefined, field: string, at: Place): void {
  if (isJsonObject(owner)) epcRule(member(owner, field), at.at(field));
}

/** GS1 Tag Data Standard and Digital Link: digits, escapes, and the check digit where there is one. */
function epcRule(uri: Json | undefined, at: Place): void {
  const fault = typeof uri === 'string' ? epcFault(uri) : null;
  if (fault !== null) at.breaks('epc', fault);
}

export function quantityRules(event: JsonObject, at: Place): void {
  for (const name of QUANTITY_LISTS) {
    for (const [index, element] of listOf(event, name).entries()) {
      if (isJsonObject(element)) quantityRule(element, at.at(name).at(index));
    }
  }
}

/**
 * EPCIS 2.0, QuantityElement: a quantity with a unit is a positive measure, one without it a positive
 * count, and a unit stands only beside a quantity.
 */
function quantityRule(element: JsonObject, at: Place): void {
  const quantity = member(element, 'quantity');
  const uom = member(element, 'uom');
  if (typeof uom === 'string' && !isUnitCode(uom)) {
    at.at('uom').breaks('unit', 'is not a code of UN/ECE Recommendation 20');
  }
  if (typeof quantity !== 'number') {
    if (uom !== undefined) at.at('uom').breaks('quantity_missing', 'stands without quantity');
    return;
  }
  if (quantity <= 0) at.at('quantity').breaks('quantity_positive', 'is not positive');
  else if (uom === undefined && !Number.isInteger(quantity)) {
    at.at('quantity').breaks('quantity_count', 'is not a whole number, and has no unit');
  }
}

function listOf(owner: JsonObject, name: string): readonly Json[] {
  return itemsOf(member(owner, name));
}
