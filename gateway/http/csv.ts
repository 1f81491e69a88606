// RFC 4180 rows of readings.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Reading } from './backend.ts';

const COLUMNS = [
  'timeMs',
  'device',
  'subject',
  'name',
  'unit',
  'value',
  'stringValue',
  'boolValue',
  'statementId',
  'leafIndex',
  'seq',
  'flags',
] as const;

export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

export function csvRow(reading: Reading): string {
  const { value } = reading;
  const cells: Record<(typeof COLUMNS)[number], string> = {
    timeMs: reading.timeMs === null ? '' : String(reading.timeMs),
    device: textCell(reading.device),
    subject: textCell(reading.subject),
    name: textCell(reading.name),
    unit: textCell(reading.unit ?? ''),
    value: typeof value === 'number' ? String(value) : '',
    stringValue: typeof value === 'string' ? textCell(value) : '',
    boolValue: typeof value === 'boolean' ? String(value) : '',
    statementId: toHex(reading.statementId),
    leafIndex: String(reading.leafIndex),
    seq: String(reading.seq),
    flags: textCell(reading.flags.join(' ')),
  };
  return `${COLUMNS.map((column) => cells[column]).join(',')}\r\n`;
}

/**
 * Devices choose these texts. A spreadsheet runs a cell that starts with one of = + - @ as a
 * formula, so such a cell gets a leading apostrophe; numbers never pass through here.
 */
export function textCell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
