// The sensor elements of an event (EPCIS 2.0): attributes are found by one name whether they
// stand in the metadata or in a report.
import { instantOf } from '../document/event-time.ts';
import type { Namespaces } from '../gs1/namespaces.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { EXISTS, measureName } from './fact-names.ts';
import type { FactSheet } from './fact-sheet.ts';
import { hexValue, measureValue, textValue, wordValue } from './fact-values.ts';
import { addFields, extensionsOf } from './field-facts.ts';

export const SENSOR_LIST = 'sensorElementList';
export const SENSOR_TYPE = 'sensor type';

/** Of metadata and reports, with EQ_ parameters of their names. */
export const SENSOR_URIS = [
  'deviceID',
  'deviceMetadata',
  'rawData',
  'dataProcessingMethod',
  'bizRules',
  'microorganism',
  'chemicalSubstance',
  'uriValue',
  'stringValue',
] as const;
export const SENSOR_TIMES = ['time', 'startTime', 'endTime'] as const;
export const SENSOR_MEASURES = [
  'value',
  'minValue',
  'maxValue',
  'meanValue',
  'sDev',
  'percValue',
] as const;
/** TCR-53 asks for these two with no unit too: the number as it was captured. */
export const SENSOR_PLAIN_NUMBERS = ['percRank', 'sDev', 'percValue'] as const;

export function addSensors(sheet: FactSheet, list: Json | undefined, namespaces: Namespaces): void {
  if (!Array.isArray(list) || list.length === 0) return;
  sheet.term(EXISTS, SENSOR_LIST);
  for (const element of list as readonly Json[]) {
    if (!isJsonObject(element)) continue;
    addFields(sheet, extensionsOf(element), { place: 'sensorElement', namespaces });
    const { sensorMetadata, sensorReport } = element;
    if (isJsonObject(sensorMetadata)) {
      addAttributes(sheet, sensorMetadata);
      addFields(sheet, extensionsOf(sensorMetadata), { place: 'sensorMetadata', namespaces });
    }
    for (const report of Array.isArray(sensorReport) ? (sensorReport as readonly Json[]) : []) {
      if (isJsonObject(report)) addReport(sheet, report, namespaces);
    }
  }
}

function addReport(sheet: FactSheet, report: JsonObject, namespaces: Namespaces): void {
  addAttributes(sheet, report);
  addFields(sheet, extensionsOf(report), { place: 'sensorReport', namespaces });
  const { type, booleanValue, hexBinaryValue, uom } = report;
  if (typeof type === 'string') {
    sheet.term(SENSOR_TYPE, wordValue('measurement', type, namespaces));
  }
  if (typeof booleanValue === 'boolean') sheet.term('booleanValue', String(booleanValue));
  if (typeof hexBinaryValue === 'string') sheet.term('hexBinaryValue', hexValue(hexBinaryValue));
  for (const attribute of SENSOR_MEASURES) {
    const value = report[attribute];
    if (typeof value !== 'number' || typeof uom !== 'string') continue;
    const base = measureValue(attribute, value, uom);
    if (base) sheet.number(measureName(attribute, base.unit), base.value);
  }
  for (const attribute of SENSOR_PLAIN_NUMBERS) {
    const value = report[attribute];
    if (typeof value === 'number') sheet.number(attribute, value);
  }
}

function addAttributes(sheet: FactSheet, object: JsonObject): void {
  for (const attribute of SENSOR_URIS) {
    const value = object[attribute];
    if (typeof value === 'string') sheet.term(attribute, textValue(value));
  }
  for (const attribute of SENSOR_TIMES) {
    const value = object[attribute];
    const ms = typeof value === 'string' ? instantOf(value) : null;
    if (ms !== null) sheet.number(attribute, ms);
  }
}
