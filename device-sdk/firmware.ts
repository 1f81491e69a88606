/**
 * What the boot record says about this program. The build date is the floor of every clock that
 * runs it; a release sets it, and it is never in the future of the machine that built it.
 *
 * @module firmware
 */
export const FIRMWARE_VERSION = 'truegrain-device/0.1.0';
export const BUILD_DATE_S = Date.UTC(2026, 9, 1) / 1000;
