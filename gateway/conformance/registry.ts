import { MEDIA_REGISTRATION } from '@truegrain/device-sdk/formats/media-types.js';
import {
  parseRegistration,
  type Registration,
} from '@truegrain/device-sdk/formats/registration.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';

/** Devices as registered so far. Says what is so only where every entry of the ledger was read. */
export class Registry {
  readonly #devices = new Map<string, Registration>();

  take({ payload, payloadBytes }: Statement): void {
    if (payload.kind !== 'inline' || payload.contentType !== MEDIA_REGISTRATION) return;
    const registration = parseRegistration(payloadBytes);
    if (registration.ok) this.#devices.set(registration.value.device, registration.value);
  }

  ownerOf(device: string): string | null {
    return this.#devices.get(device)?.owner ?? null;
  }

  sensorOf(device: string, name: string): Sensor | null {
    return this.#devices.get(device)?.sensors.find((sensor) => sensor.name === name) ?? null;
  }
}
