/**
 * xsd:dateTimeStamp (XML Schema 1.1 part 2 §3.4.28), the type of each time in EPCIS 2.0: a date, a
 * time of any precision, and the zone offset that makes it an instant. Years have four digits.
 */
const STAMP =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/;

/** Milliseconds since 1970, or null where the text is no such time. */
export function instantOf(text: string): number | null {
  const parts = STAMP.exec(text);
  if (parts === null) return null;
  const day = Number(parts[3]);
  if (day < 1 || day > daysIn(Number(parts[1]), Number(parts[2]))) return null;
  return Date.parse(text);
}

/** No day for a month that no year has. */
function daysIn(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
