/** @module device-types */

import type { QueueRecovery, QueueStats } from './queue/queue-types.ts';
import type { Queued } from './statement-writer.ts';
import type { ClockStep } from './time-quality.ts';
import type { UplinkEvent, UplinkStats } from './uplink/uplink.ts';

/** Why a device must not sign. */
export type HaltCode =
  | 'not_enrolled'
  | 'state'
  | 'key'
  /** The key file holds another key than the one that was registered. */
  | 'key_mismatch'
  /** Another process works in this data directory. */
  | 'in_use'
  | 'queue'
  | 'sequence'
  | 'no_gateway_url';

/** Not a bug: a person has to do something, and the message says what. */
export class DeviceHalt extends Error {
  readonly code: HaltCode;

  constructor(code: HaltCode, message: string) {
    super(message);
    this.name = 'DeviceHalt';
    this.code = code;
  }
}

export type LocalEvent =
  | { readonly kind: 'started'; readonly bootCount: number; readonly firstSeq: number }
  | ({ readonly kind: 'recovered' } & QueueRecovery)
  | { readonly kind: 'queued'; readonly what: Queued }
  | { readonly kind: 'sensor_error'; readonly sensor: string; readonly error: unknown }
  | { readonly kind: 'clock_step'; readonly step: ClockStep };

export type DeviceEvent = LocalEvent | { readonly kind: 'uplink'; readonly event: UplinkEvent };

export interface LastReceipt {
  /** Statement id, lower hex. */
  readonly id: string;
  readonly seq: number;
  /** As the receipt states them. */
  readonly logSize: number;
  readonly leafIndex: number;
}

export interface DeviceStats {
  readonly readings: number;
  /** Frames queued by this process. */
  readonly queued: number;
  /** Frames the full queue did not take. */
  readonly dropped: number;
  readonly lastReceipt: LastReceipt | null;
  readonly queue: QueueStats | null;
  readonly uplink: UplinkStats | null;
}
