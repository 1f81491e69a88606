// When a scheduled query runs (query-schedule.json of EPCIS 2.0), in UTC.

/** The numbers that each field may be, and how fine it is: of two days none is finer. */
const FIELDS = {
  month: { min: 1, max: 12, level: 0 },
  dayOfMonth: { min: 1, max: 31, level: 1 },
  dayOfWeek: { min: 1, max: 7, level: 1 },
  hour: { min: 0, max: 23, level: 2 },
  minute: { min: 0, max: 59, level: 3 },
  second: { min: 0, max: 59, level: 4 },
} as const;
type Field = keyof typeof FIELDS;

export type Schedule = Readonly<Record<Field, readonly number[]>>;

const DAY_MS = 86_400_000;
/** A 29 February on a given weekday comes again after at most 40 years. */
const DAYS_AHEAD_MAX = 40 * 366;
const ELEMENT = /^(?:(\d{1,2})|\[(\d{1,2})-(\d{1,2})\])$/;
const FIELD_CHARS_MAX = 256;

/**
 * Numbers and `[from-to]` ranges, with commas between them. What is coarser than the fields given is
 * any, what is finer is its first: hour 1 and minute 5 are 01:05:00 of every day. Null: no schedule.
 */
export function readSchedule(fields: Readonly<Record<string, unknown>>): Schedule | null {
  const given = Object.keys(fields).filter(isField);
  if (given.length === 0 || given.length < Object.keys(fields).length) return null;
  const finest = Math.max(...given.map((name) => FIELDS[name].level));
  const numbersOf = (name: Field): readonly number[] | null => {
    const { min, max, level } = FIELDS[name];
    if (given.includes(name)) return readField(fields[name], name);
    return level <= finest || name === 'dayOfWeek' ? range(min, max) : [min];
  };
  const schedule: Partial<Record<Field, readonly number[]>> = {};
  for (const name of Object.keys(FIELDS).filter(isField)) {
    const numbers = numbersOf(name);
    if (numbers === null) return null;
    schedule[name] = numbers;
  }
  return schedule as Schedule;
}

const isField = (name: string): name is Field => Object.hasOwn(FIELDS, name);

function readField(text: unknown, name: Field): readonly number[] | null {
  if (typeof text !== 'string' || text.length > FIELD_CHARS_MAX) return null;
  const { min, max } = FIELDS[name];
  const numbers = new Set<number>();
  for (const element of text.split(',')) {
    const [, one, low, high] = ELEMENT.exec(element) ?? [];
    const [from, to] = [Number(one ?? low), Number(one ?? high)];
    if (!(from >= min && from <= to && to <= max)) return null;
    for (const number of range(from, to)) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The next time after `nowMs`; null where there is none (31 February). */
export function nextTimeMs(schedule: Schedule, nowMs: number): number | null {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  for (let day = 0; day <= DAYS_AHEAD_MAX; day += 1) {
    const dayMs = today + day * DAY_MS;
    if (!isDay(schedule, new Date(dayMs))) continue;
    const timeMs = timeOfDay(schedule, dayMs, nowMs);
    if (timeMs !== null) return timeMs;
  }
  return null;
}

function isDay({ month, dayOfMonth, dayOfWeek }: Schedule, date: Date): boolean {
  return (
    month.includes(date.getUTCMonth() + 1) &&
    dayOfMonth.includes(date.getUTCDate()) &&
    // Monday is 1, Sunday 7.
    dayOfWeek.includes(date.getUTCDay() || 7)
  );
}

function timeOfDay({ hour, minute, second }: Schedule, dayMs: number, nowMs: number) {
  for (const h of hour) {
    if (dayMs + (h + 1) * 3_600_000 <= nowMs) continue;
    for (const m of minute) {
      for (const s of second) {
        const timeMs = dayMs + h * 3_600_000 + m * 60_000 + s * 1_000;
        if (timeMs > nowMs) return timeMs;
      }
    }
  }
  return null;
}
