/**
 * What every sensor gives the device: measurements or faults, never a made-up number (S2).
 *
 * @module sensor
 */
import type { ModbusFault } from '../bus/modbus-bus.ts';

export type FaultCode =
  | ModbusFault
  /** The reply could not be proved to belong to the request (device.md §0.1). */
  | 'unaligned'
  /** The constant register does not hold what this sensor's register holds. */
  | 'wrong_device'
  | 'out_of_range'
  | 'not_a_number'
  | 'no_fix'
  | 'unreadable'
  | 'end_of_data';

/** A legal value with a reason for doubt (S3). It is kept: 85 °C is also a temperature. */
export type SuspectReason = 'after_timeout' | 'poison' | 'week_rollover';

/** S6: hints for people; nothing is decided on them. */
export type AdvisoryFlag = 'stuck' | 'rate';

export interface Reading {
  readonly name: string;
  /** A SenML unit of the IANA registry (S1). */
  readonly unit: string;
  readonly value: number;
  readonly suspect?: SuspectReason;
  readonly flags?: readonly AdvisoryFlag[];
  /** The register bytes behind the value (S5), as hex; goes into the pack as a `vd` record. */
  readonly rawHex?: string;
}

export interface Fault {
  readonly name: string;
  readonly fault: FaultCode;
  readonly detail?: string;
  readonly rawHex?: string;
}

/** What a sensor of texts gave, a scanner for example: registered without unit and limits. */
export interface TextReading {
  readonly name: string;
  readonly text: string;
}

export type Measurement = Reading | TextReading | Fault;

export interface Sample {
  /** Only where the source itself knows the time; otherwise the device's clock stamps it. */
  readonly atMs?: number;
  readonly measurements: readonly Measurement[];
}

export interface Sensor {
  readonly name: string;
  /** Faults are measurements; it rejects only when `signal` aborts. */
  sample(signal: AbortSignal): Promise<Sample>;
  close(): Promise<void>;
}

export function isFault(measurement: Measurement): measurement is Fault {
  return 'fault' in measurement;
}

export function isText(measurement: Measurement): measurement is TextReading {
  return 'text' in measurement;
}
