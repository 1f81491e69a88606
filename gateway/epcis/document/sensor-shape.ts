import { boolean, list, number, record, string, text, time, uri } from './shape.ts';
import { component, exception, measurement } from './vocabulary-shape.ts';

/** EPCIS 2.0, the How dimension: what a sensor said, and what is the same for all of one element's reports. */

const METADATA = {
  time,
  deviceID: uri,
  deviceMetadata: uri,
  rawData: uri,
  startTime: time,
  endTime: time,
  dataProcessingMethod: uri,
  bizRules: uri,
};

const hexBinary = text((value) => /^[A-Fa-f0-9]+$/.test(value), 'is not hexadecimal');

const REPORT = {
  type: measurement,
  exception,
  deviceID: uri,
  deviceMetadata: uri,
  rawData: uri,
  dataProcessingMethod: uri,
  bizRules: uri,
  time,
  microorganism: uri,
  chemicalSubstance: uri,
  coordinateReferenceSystem: uri,
  value: number,
  component,
  stringValue: string,
  booleanValue: boolean,
  hexBinaryValue: hexBinary,
  uriValue: uri,
  minValue: number,
  maxValue: number,
  meanValue: number,
  sDev: number,
  percRank: number,
  percValue: number,
  uom: string,
};

const sensorElement = record(
  {
    sensorMetadata: record(METADATA, { others: 'extensions' }),
    sensorReport: list(record(REPORT, { required: ['type'], others: 'extensions' }), {
      itemsMin: 1,
    }),
  },
  { required: ['sensorReport'], others: 'extensions' },
);

export const sensorElementList = list(sensorElement);
