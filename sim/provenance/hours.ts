/** One working day of the play, in hours after its beginning; all of it is in the past when it is played. */
export const HOURS = {
  mixed: 0,
  packed: 0.5,
  stacked: 1,
  coupled: 1.5,
  loaded: 2,
  shipped: 2.25,
  /** The cooling stands still, and is mended. */
  warmFrom: 3.5,
  warmUntil: 4.25,
  /** One statement of the thermometer gets lost on its way. */
  lost: 5,
  unloaded: 6,
  received: 6.25,
  unpacked: 6.75,
  /** The empty trailer is aired, which is nobody's excursion but its own. */
  aired: 8,
} as const;

/** The play begins so long before it is played. */
export const DAY_HOURS = 9;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
