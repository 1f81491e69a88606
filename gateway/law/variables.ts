import { PACK_RECORDS_MAX } from '@truegrain/device-sdk/formats/pack.js';
import { SENSORS_MAX } from '@truegrain/device-sdk/formats/registration.js';

/** What an expression sees (README, "Variables"): types as data, read by checker, binder, examples. */
export type ValueType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int' }
  | { readonly kind: 'double' }
  | { readonly kind: 'string' }
  | { readonly kind: 'list'; readonly of: ValueType; readonly max: number }
  | { readonly kind: 'map'; readonly of: ValueType; readonly max: number }
  | { readonly kind: 'record'; readonly fields: { readonly [name: string]: ValueType } };

export const BOOL: ValueType = { kind: 'bool' };
export const INT: ValueType = { kind: 'int' };
export const DOUBLE: ValueType = { kind: 'double' };
export const STRING: ValueType = { kind: 'string' };

export const EVENTS_SEEN_MAX = 32;

const READING: ValueType = {
  kind: 'record',
  fields: { name: STRING, quantity: STRING, unit: STRING, value: DOUBLE, atMs: INT },
};
const STATEMENT: ValueType = {
  kind: 'record',
  fields: {
    device: STRING,
    owner: STRING,
    subject: STRING,
    seq: INT,
    quality: INT,
    firstMs: INT,
    lastMs: INT,
    late: BOOL,
    gap: BOOL,
    count: INT,
  },
};
const SENSOR: ValueType = {
  kind: 'record',
  fields: {
    quantity: STRING,
    unit: STRING,
    min: DOUBLE,
    max: DOUBLE,
    interface: STRING,
    calibrated: BOOL,
    certificate: STRING,
    dueMs: INT,
    overdue: BOOL,
    verified: BOOL,
    uncertainty: DOUBLE,
  },
};
const REGISTRATION: ValueType = {
  kind: 'record',
  fields: {
    keyLevel: STRING,
    binding: STRING,
    reportingIntervalS: INT,
    sensors: { kind: 'map', of: SENSOR, max: SENSORS_MAX },
  },
};
const LAST: ValueType = { kind: 'record', fields: { value: DOUBLE, atMs: INT } };
const WINDOW: ValueType = {
  kind: 'record',
  fields: { count: INT, min: DOUBLE, max: DOUBLE, mean: DOUBLE, mkt: DOUBLE },
};
const EVENT: ValueType = {
  kind: 'record',
  fields: { device: STRING, leaf: INT, seq: INT, firstMs: INT, lastMs: INT },
};

export const VARIABLES = {
  readings: { kind: 'list', of: READING, max: PACK_RECORDS_MAX },
  statement: STATEMENT,
  registration: REGISTRATION,
  last: { kind: 'map', of: LAST, max: SENSORS_MAX },
  window: { kind: 'map', of: WINDOW, max: SENSORS_MAX },
  events: { kind: 'list', of: EVENT, max: EVENTS_SEEN_MAX },
} as const satisfies Record<string, ValueType>;

export type VariableName = keyof typeof VARIABLES;
