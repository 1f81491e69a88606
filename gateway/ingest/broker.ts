// What the gateway needs of a broker, embedded or external: frames in, PUBACK after COMMIT,
// answers out (DESIGN §3, §6 "Interfaces").

/** @module broker */

/** Why a connection was refused or closed. A closed union: each is one label of one counter. */
export type ConnectionRefusal =
  | 'bad_credentials'
  | 'client_id'
  | 'will'
  | 'too_many_connections'
  | 'too_large'
  | 'qos'
  | 'retained'
  | 'foreign_topic'
  | 'protocol'
  | 'idle'
  | 'slow';

export interface IngestHandlers {
  /** Synchronous; compares hashes in constant time (credentials.ts). */
  authenticate(
    clientId: string,
    username: string,
    password: Uint8Array,
  ): { readonly device: string } | null;
  /**
   * One frame of an authenticated device. `payload` is a view into the socket's buffer: read it or
   * copy it before keeping it longer than `done`. `done` is called exactly once for every frame,
   * also for a refused one, and only after COMMIT: it is what sends the PUBACK.
   */
  onFrame(device: string, payload: Uint8Array, done: () => void): void;
  /** The device listens on its downlink from now on. Embedded broker only. */
  onSubscribed?(device: string): void;
  /** `device` is null before authentication. */
  onRefusedConnection?(reason: ConnectionRefusal, device: string | null): void;
  /** External broker only. */
  onBrokerState?(state: BrokerState, detail: string): void;
}

export type BrokerState = 'connected' | 'disconnected' | 'subscription_refused';

/** Running totals for /metrics; gauges are named so. */
export interface BrokerCounts {
  readonly frames: number;
  readonly pubacks: number;
  readonly downlinks: number;
  /** Answers not sent: nobody listened, or the listener is too slow. The device re-asks. */
  readonly downlinksDropped: number;
  /** SUBSCRIBE to anything but the own downlink, answered with 128. */
  readonly subscriptionsRefused: number;
  /** Messages acknowledged and thrown away: QoS 0, retained, foreign topic. External broker only. */
  readonly messagesIgnored: number;
  /** Gauge: frames handed over and not yet settled by `done`. */
  readonly pendingFrames: number;
  /** Gauge: bytes admitted and not yet settled. */
  readonly pendingBytes: number;
  /** Times a socket was left unread because a window or the byte budget was full. */
  readonly pauses: number;
}

export interface Broker {
  /** The port it listens on; for an external broker, the port of its URL. */
  readonly port: number;
  /** At most once from here on: a device that missed it resends its frame and is answered again. */
  publishDown(device: string, payload: Uint8Array): void;
  /** Somebody would hear `publishDown`. An external broker can't tell: true while connected. */
  isListening(device: string): boolean;
  /** Ends the device's connection, if any: its credential was revoked. */
  disconnect(device: string): void;
  connections(): number;
  counts(): BrokerCounts;
  /** Reads nothing more, lets pending frames settle for a moment, closes. */
  close(): Promise<void>;
}

export type BrokerErrorCode =
  | 'address_in_use'
  | 'address_refused'
  | 'tls_invalid'
  | 'unreachable'
  | 'not_authorized'
  | 'subscription_refused';
