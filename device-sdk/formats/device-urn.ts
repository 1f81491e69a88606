// RFC 9039 §3.2: device URNs, the identity of a device (`iss`, base name, MQTT topic).

/** @module device-urn */
import { fail, ok, type Result } from './result.ts';

/** A topic has to hold it and MQTT client ids of 256 bytes are common limits. */
export const DEVICE_URN_BYTES_MAX = 200;

const COMPONENTS = `(?:_[A-Za-z0-9.-]+)*`;
const IDENTIFIERS = `[A-Za-z0-9.-]+(?::[A-Za-z0-9.-]+)*`;
const SERIAL = `[A-Za-z0-9.]+-[A-Za-z0-9.-]+(?::[A-Za-z0-9.-]+)*`;

/** mac and ow are whole bytes in lower-case hex; org, os and ops begin with an enterprise number. */
const BODY = new RegExp(
  `^urn:dev:(?:(?:mac|ow):(?:[0-9a-f]{2})+(?::[A-Za-z0-9.-]+)*|(?:org|os):[1-9][0-9]*-${IDENTIFIERS}` +
    `|ops:[1-9][0-9]*-${SERIAL}|(?!mac:|ow:|org:|os:|ops:)[a-z][a-z0-9]*:${IDENTIFIERS})${COMPONENTS}$`,
);

/**
 * The characters of RFC 9039 leave out `/`, `+`, `#`, spaces and control characters, so a device
 * URN is an MQTT topic level as it is; nothing is escaped anywhere.
 */
export function isDeviceUrn(text: string): boolean {
  return text.length <= DEVICE_URN_BYTES_MAX && BODY.test(text);
}

export function checkDeviceUrn(text: string): Result<string> {
  return isDeviceUrn(text)
    ? ok(text)
    : fail('device_urn', `not a device URN: ${text.slice(0, 64)}`);
}
