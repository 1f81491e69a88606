import { HEARTBEAT_NAME } from '@truegrain/device-sdk/formats/pack-name.js';
import { vi } from 'vitest';
import type { Outcome } from '../../gateway/admit/outcome.ts';
import { Section } from '../../gateway/config-section.ts';
import type { CaptureEvents, Derivation } from '../../gateway/derive/derivation.ts';
import { type EventsConfig, readEvents } from '../../gateway/derive/derive-config.ts';
import { openDerivation } from '../../gateway/derive/open-derivation.ts';
import type { JsonObject } from '../../gateway/epcis/json.ts';
import { CaptureRig } from './capture-rig.ts';
import { type SignedFrame, T0_MS, TEMPERATURE_SPEC, type TestDevice } from './solo-ledger.ts';

export const PUBLIC_URL = 'https://gateway.mill.example';
export const DOCK = 'https://id.gs1.org/414/9506000134352';
export const LOT = 'https://id.gs1.org/01/09506000134352/10/LOT-7';

export const SCANNER_SPEC = {
  name: 'scan',
  quantity: 'bar code',
  unit: null,
  min: null,
  max: null,
  resolution: null,
  interface: 'scanner',
  calibration: null,
} as const;

/** As truegrain.json says it. */
export function eventsConfig(...events: object[]): EventsConfig {
  const root = new Section({ events }, { file: 'truegrain.json', path: '' });
  const config = readEvents(root, PUBLIC_URL);
  if (!config) throw new Error('no settings');
  return config;
}

/** A gateway whose packs become events. */
export class DeriveRig extends CaptureRig {
  derivation!: Derivation;

  constructor() {
    super();
    // Readings of the first hours after T0 have happened by now.
    this.nowMs += 4 * 3_600_000;
    this.open();
    this.pipeline.onCommitted(() => this.derivation?.committed());
  }

  /** As after a start; `capture` stands in for the way into the log. */
  derive(
    config: EventsConfig,
    capture: CaptureEvents = (events) => this.epcis.captureEvents(events),
  ): void {
    this.derivation?.close();
    const error = (...said: unknown[]) => this.failures.push(JSON.stringify(said));
    this.derivation = openDerivation({ config, ledger: this.ledger, capture, log: { error } });
  }

  sensorDevice(name = 'logger') {
    return this.enrol(name, { sensors: [TEMPERATURE_SPEC, HUMIDITY_SPEC] });
  }

  scanner(name = 'scanner') {
    return this.enrol(name, { sensors: [SCANNER_SPEC] });
  }

  /** Scans one second apart. */
  scans(device: TestDevice, startS: number, texts: readonly string[]): SignedFrame {
    const records = texts.map((value, i) => {
      return { name: 'scan', value, timeMs: T0_MS + (startS + i) * 1_000 };
    });
    return this.pack(device, records, { sub: device.urn });
  }

  heartbeat(device: TestDevice, atS: number): SignedFrame {
    return this.pack(device, [{ name: HEARTBEAT_NAME, value: true, timeMs: T0_MS + atS * 1_000 }]);
  }

  /** One batch, and everything is told of it. */
  bring(...frames: SignedFrame[]): void {
    for (const settled of this.commit(...frames)) {
      if (settled.kind !== 'accepted') throw new Error(JSON.stringify(settled));
    }
    this.pipeline.committed();
  }

  /** Through checking threads and rules, as devices bring them. */
  async admit(...frames: SignedFrame[]): Promise<void> {
    for (const { frame } of frames) {
      const { kind } = await new Promise<Outcome>((settle) => {
        this.pipeline.intake.submit(frame, null, settle);
      });
      if (kind !== 'accepted') throw new Error(kind);
    }
  }

  /** In the order of their capture. */
  events(): JsonObject[] {
    const page = this.epcis.query({}, { limit: 10_000, after: null });
    if (!page.ok) throw new Error(page.code);
    const found = [...page.value.events].sort((a, b) => a.leafIndex - b.leafIndex);
    return found.map(({ event }) => event);
  }

  /** What the tables say is to be done. */
  waiting(): number {
    const count = this.ledger.store.db.prepare('SELECT count(*) FROM derived_event').pluck();
    return count.get() as number;
  }

  settled(count: number): Promise<JsonObject[]> {
    return vi.waitFor(
      () => {
        const events = this.events();
        if (events.length < count || this.waiting() > 0) {
          throw new Error(`${events.length} of ${count} events; ${this.failures.join()}`);
        }
        return events;
      },
      { timeout: 5_000, interval: 5 },
    );
  }
}

export const HUMIDITY_SPEC = {
  ...TEMPERATURE_SPEC,
  name: 'rh',
  quantity: 'relative humidity',
  unit: '%RH',
  min: 0,
  max: 100,
};
