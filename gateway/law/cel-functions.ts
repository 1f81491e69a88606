import type { RuleFault } from './rule-fault.ts';

/**
 * Functions that rules may not use, with the code that says why. Only what static-check.ts allows
 * can be used at all: this table is for the reason given, not for safety.
 */
const CLOCK = `now today utcnow clock time date currentTime currentTimestamp currentDate
  systemTime uptime`;
const TIME_ZONE = `timestamp duration getFullYear getMonth getDate getDayOfMonth getDayOfWeek
  getDayOfYear getHours getMinutes getSeconds getMilliseconds timezone toTimezone`;
const LOCALE = `format string charAt indexOf lastIndexOf lowerAscii upperAscii lower upper
  toLowerCase toUpperCase replace split substring trim join reverse quote localeCompare collate
  normalize`;
const COST = 'matches map filter range sort sortBy flatten distinct slice concat';

const WHY: readonly (readonly [RuleFault, string, string])[] = [
  ['rule_clock', CLOCK, 'a rule may not read the clock: replayed, it would judge otherwise'],
  ['rule_time_zone', TIME_ZONE, 'times are whole milliseconds since 1970; dates need a time zone'],
  ['rule_locale', LOCALE, 'texts are compared as they are, never cut, ordered or written'],
  ['rule_cost', COST, 'patterns and built lists have no bound; use all, exists or exists_one'],
];

const FORBIDDEN = new Map(
  WHY.flatMap(([code, names, why]) =>
    names.split(/\s+/).map((name) => [name, { code, why }] as const),
  ),
);

export function forbiddenName(name: string): { code: RuleFault; why: string } | null {
  return FORBIDDEN.get(name) ?? null;
}
