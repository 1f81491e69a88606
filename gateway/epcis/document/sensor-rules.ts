import { isUnitCode } from '../gs1/rec20.ts';
import type { Json, JsonObject } from '../json.ts';
import { instantOf } from './event-time.ts';
import type { Place } from './place.ts';
import { member } from './shape.ts';

/**
 * What EPCIS 2.0 says of sensor data that its schema can't: TCR-53 step 29 and M122 of its
 * conformance requirements, and the definitions of these fields in its ontology
 * (https://ref.gs1.org/epcis/). The event has its right form.
 */
export function sensorRules(event: JsonObject, at: Place): void {
  const eventMs = instant(event, 'eventTime');
  const elements = (member(event, 'sensorElementList') ?? []) as readonly JsonObject[];
  for (const [index, element] of elements.entries()) {
    const here = at.at('sensorElementList').at(index);
    const metadata = (member(element, 'sensorMetadata') ?? {}) as JsonObject;
    periodRules(metadata, here.at('sensorMetadata'), eventMs);
    const reports = element['sensorReport'] as readonly JsonObject[];
    for (const [position, report] of reports.entries()) {
      const place = here.at('sensorReport').at(position);
      onceRule(metadata, report, place);
      lateRule(report, { name: 'time', at: place, eventMs });
      unitRule(report, place);
      companionRules(report, place);
    }
  }
}

const SHARED_FIELDS = [
  'time',
  'deviceID',
  'deviceMetadata',
  'rawData',
  'dataProcessingMethod',
  'bizRules',
];

/** A field holds for all reports of an element or for one; in both places it would hold twice. */
function onceRule(metadata: JsonObject, report: JsonObject, at: Place): void {
  for (const name of SHARED_FIELDS) {
    if (Object.hasOwn(metadata, name) && Object.hasOwn(report, name)) {
      at.at(name).breaks('sensor_field_twice', 'stands in sensorMetadata as well');
    }
  }
}

/** An event tells what was sensed until it happened; a period that starts when it ends is none. */
function periodRules(metadata: JsonObject, at: Place, eventMs: number | null): void {
  lateRule(metadata, { name: 'time', at, eventMs });
  lateRule(metadata, { name: 'endTime', at, eventMs });
  const start = instant(metadata, 'startTime');
  const end = instant(metadata, 'endTime');
  if (start === null) return;
  if (end !== null && start >= end) {
    at.at('startTime').breaks('sensor_period', 'is not earlier than endTime');
  }
  if (eventMs !== null && start >= eventMs) {
    at.at('startTime').breaks('sensor_time_late', 'is not earlier than eventTime');
  }
}

function lateRule(
  owner: JsonObject,
  { name, at, eventMs }: { name: string; at: Place; eventMs: number | null },
): void {
  const time = instant(owner, name);
  if (time !== null && eventMs !== null && time > eventMs) {
    at.at(name).breaks('sensor_time_late', 'is later than eventTime');
  }
}

/** UN/ECE Recommendation 20, common code. A unit may stand alone: GS1's own example 8 does that. */
function unitRule(report: JsonObject, at: Place): void {
  const uom = member(report, 'uom');
  if (typeof uom !== 'string' || isUnitCode(uom)) return;
  at.at('uom').breaks('unit', 'is not a code of UN/ECE Recommendation 20');
}

/** Fields that the standard lets stand only beside others, or never beside each other. */
function companionRules(report: JsonObject, at: Place): void {
  const has = (name: string) => Object.hasOwn(report, name);
  if (has('component') && !(has('value') && has('uom'))) {
    at.at('component').breaks('sensor_component', 'stands without value and uom');
  }
  if (has('percRank') !== has('percValue')) {
    const name = has('percRank') ? 'percRank' : 'percValue';
    at.at(name).breaks('sensor_percentile', 'percRank and percValue stand only together');
  }
  if (has('sDev') && !has('meanValue')) {
    at.at('sDev').breaks('sensor_deviation', 'stands without meanValue');
  }
  if (has('microorganism') && has('chemicalSubstance')) {
    at.at('microorganism').breaks('sensor_substance', 'stands beside chemicalSubstance');
  }
}

function instant(owner: JsonObject, name: string): number | null {
  const text: Json | undefined = member(owner, name);
  return typeof text === 'string' ? instantOf(text) : null;
}
