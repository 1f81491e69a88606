/**
 * The part a thing plays in an event, as `event_item.role` has it. A class (a lot, a product) has
 * its own numbers: 8 more than an instance in the same place.
 */
export const ROLE = {
  epc: 0,
  parent: 1,
  child: 2,
  input: 3,
  output: 4,
} as const;

export const CLASS_ROLE = 8;
