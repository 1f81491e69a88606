// Names of the readings that make up one side's half of a hand-over; SPEC is gateway/handover/README.md.

/**
 * All readings of one pack with one time are one half. Each name is a sensor that the device is
 * registered with, as any other.
 *
 * @module handover
 */
export const HANDOVER = {
  /** Text, `giver` or `receiver`. */
  role: 'handover.role',
  /** Text, a thing's URI; once for each thing. */
  item: 'handover.item',
  /** Text, as it stands on the seal. */
  seal: 'handover.seal',
  /** Number of things, unit `count`. */
  count: 'handover.count',
  /** Text, a number on papers that both sides scan. */
  number: 'handover.number',
  /** Text, URN of the other side's device. */
  counterpart: 'handover.counterpart',
  /** Seconds over which the condition was watched, unit `s`. */
  since: 'handover.since',
  /** And the sensor's name: the least it gave in that time, in its unit. */
  min: 'handover.min.',
  /** And the sensor's name: the most. */
  max: 'handover.max.',
  /** Faults of those sensors in that time, unit `count`. */
  faults: 'handover.faults',
} as const;

/** What every such name begins with; no pack without these letters holds a hand-over. */
export const HANDOVER_PREFIX = 'handover.';
