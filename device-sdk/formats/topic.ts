// SPEC.md §6: MQTT topics, `tg/1/<device id>/up|down`; the device id is the device URN as it is.

/** @module topic */
import { isDeviceUrn } from './device-urn.ts';

export type Direction = 'up' | 'down';

const PREFIX = 'tg/1/';

/** What a gateway subscribes to: every device's uplink. */
export const UPLINK_FILTER = 'tg/1/+/up';

/** Throws TypeError for what isn't a device URN: it could reach into another device's topics. */
export function topicOf(device: string, direction: Direction): string {
  if (!isDeviceUrn(device)) throw new TypeError(`not a device URN: ${device}`);
  return `${PREFIX}${device}/${direction}`;
}

/** Null for every other topic; a device URN holds no slash, so there is one way to read it. */
export function parseTopic(topic: string): { device: string; direction: Direction } | null {
  if (!topic.startsWith(PREFIX)) return null;
  const slash = topic.indexOf('/', PREFIX.length);
  const device = topic.slice(PREFIX.length, slash);
  const direction = topic.slice(slash + 1);
  if (slash < 0 || (direction !== 'up' && direction !== 'down')) return null;
  return isDeviceUrn(device) ? { device, direction } : null;
}
