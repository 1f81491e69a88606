/**
 * Public API of the device SDK; the formats are imported by their own paths.
 *
 * @module device-sdk
 */
export type { Clock } from './clock.ts';
export { ConfigError, type DeviceConfig, loadConfig, parseConfig } from './config.ts';
export { createDevice, type Device, type DeviceParts } from './device.ts';
export {
  type DeviceEvent,
  DeviceHalt,
  type DeviceStats,
  type HaltCode,
  type LastReceipt,
} from './device-types.ts';
export { type EnrolOptions, type EnrolRefusal, enrol } from './enrol.ts';
export { type RotateOptions, type RotateRefusal, rotate } from './rotate.ts';
