import { ROW, ROW_FIELDS } from './pack-summary.ts';
import type { RuleDevice } from './rule-device.ts';

/** A pack's readings in words, a sensor each: `temp 3.9 to 8.4 Cel`. */
export function summaryWords(
  summary: Float64Array,
  { sensors }: Pick<RuleDevice, 'sensors'>,
): string[] {
  const words: string[] = [];
  for (let at = 0; at < summary.length; at += ROW_FIELDS) {
    const sensor = sensors[summary[at + ROW.sensor] as number];
    const min = summary[at + ROW.min];
    const max = summary[at + ROW.max];
    const span = min === max ? `${min}` : `${min} to ${max}`;
    words.push(`${sensor?.name} ${span} ${sensor?.unit}`);
  }
  return words;
}
