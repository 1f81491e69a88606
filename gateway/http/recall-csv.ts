// RFC 4180 rows of a recall: one a thing and reason.
import { textCell } from './csv.ts';
import type { RecallItem, RecallReport } from './trace-backend.ts';

const COLUMNS = [
  'item',
  'isClass',
  'depth',
  'why',
  'from',
  'eventMs',
  'leafIndex',
  'readPoint',
  'bizLocation',
  'bizStep',
  'disposition',
  'via',
  'lastSeenMs',
] as const;

export function recallCsv({ items }: RecallReport): string {
  return [`${COLUMNS.join(',')}\r\n`, ...items.flatMap(rowsOf)].join('');
}

function rowsOf({ item, isClass, depth, why, lastSeen }: RecallItem): string[] {
  const place = [
    textCell(lastSeen?.readPoint ?? ''),
    textCell(lastSeen?.bizLocation ?? ''),
    textCell(lastSeen?.bizStep ?? ''),
    textCell(lastSeen?.disposition ?? ''),
    textCell(lastSeen?.via ?? ''),
    String(lastSeen?.fromMs ?? ''),
  ];
  const thing = [textCell(item), String(isClass), String(depth)];
  const reasons = why.map(({ kind, from, fromMs, leafIndex }) => {
    return [kind, textCell(from), String(fromMs), String(leafIndex)];
  });
  // What was bad itself has no reason.
  if (reasons.length === 0) reasons.push(['basis', '', '', '']);
  return reasons.map((reason) => `${[...thing, ...reason, ...place].join(',')}\r\n`);
}
