// SPEC.md §2.2: names of pack records, and what each kind of name may carry.

/** @module pack-name */

/**
 * reading: what a sensor measured · fault: a sensor gave none, with a code · flag: a reading that is
 * doubtful, with a reason · heartbeat: alive, nothing to measure · clock-step: the wall clock jumped.
 */
export type RecordKind = 'reading' | 'fault' | 'flag' | 'heartbeat' | 'clock-step';

export const SALT_NAME = 'salt';
export const HEARTBEAT_NAME = 'heartbeat';
/** `clock/step`: by how many seconds the wall clock was moved (its unit is "s"). */
export const CLOCK_STEP_NAME = 'clock/step';
export const FAULT_SUFFIX = '/fault';
export const FLAG_SUFFIX = '/flag';
export const FLAG_PREFIX = 'suspect:';

/** RFC 8428 §4.5.1 without `:` and `/`, which join base names and suffixes here. */
const SENSOR_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const CODE = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Names a registered sensor may not have: they mean something else in a pack. */
const RESERVED: ReadonlySet<string> = new Set([SALT_NAME, HEARTBEAT_NAME, 'clock']);

export function isSensorName(name: string): boolean {
  return SENSOR_NAME.test(name) && !RESERVED.has(name);
}

/** A fault code or flag reason: lower-case, one word. */
export function isFaultCode(text: string): boolean {
  return CODE.test(text);
}

/** Null where the name is none of ours, or carries a value its kind does not. */
export function kindOfName(name: string, value: unknown): RecordKind | null {
  const slash = name.indexOf('/');
  if (slash < 0) {
    if (isSensorName(name)) return 'reading';
    return name === HEARTBEAT_NAME && value === true ? 'heartbeat' : null;
  }
  if (name === CLOCK_STEP_NAME) return typeof value === 'number' ? 'clock-step' : null;
  if (typeof value !== 'string' || !isSensorName(name.slice(0, slash))) return null;
  const suffix = name.slice(slash);
  if (suffix === FAULT_SUFFIX) return isFaultCode(value) ? 'fault' : null;
  if (suffix !== FLAG_SUFFIX || !value.startsWith(FLAG_PREFIX)) return null;
  return isFaultCode(value.slice(FLAG_PREFIX.length)) ? 'flag' : null;
}
