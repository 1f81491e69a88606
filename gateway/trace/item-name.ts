import { decodeSegment } from '@truegrain/device-sdk/formats/uri-segment.js';
import type { SearchResult } from '../http/trace-backend.ts';

/** AIs of a key's finest level, as people say them. */
const LEVELS: Readonly<Record<string, string>> = {
  '10': 'lot',
  '21': 'serial',
  '235': 'serial',
  '254': 'extension',
  '8011': 'serial',
};
const KEYS: Readonly<Record<string, string>> = {
  '00': 'SSCC',
  '01': 'GTIN',
  '253': 'GDTI',
  '255': 'GCN',
  '401': 'GINC',
  '402': 'GSIN',
  '414': 'GLN',
  '417': 'GLN',
  '8003': 'GRAI',
  '8004': 'GIAI',
  '8006': 'ITIP',
  '8010': 'CPI',
  '8017': 'GSRN',
  '8018': 'GSRN',
};
const LINK = /^https:\/\/id\.gs1\.org\/(\d{2,4})\/([^/]+)(?:\/(\d{2,4})\/([^/]+))?$/;

/** What a canonical URI names, and a short text for it. */
export function nameOf(uri: string): SearchResult {
  const [, ai = '', key = '', level = '', value = ''] = LINK.exec(uri) ?? [];
  const name = KEYS[ai];
  if (name === undefined) return { kind: 'item', id: uri, label: uri };
  const behind = level === '' ? '' : `, ${LEVELS[level] ?? level} ${shown(value)}`;
  return { kind: kindOf(ai, level), id: uri, label: `${name} ${shown(key)}${behind}` };
}

function kindOf(ai: string, level: string): SearchResult['kind'] {
  if (ai === '414') return 'place';
  if (ai !== '01') return 'item';
  return level === '10' ? 'lot' : level === '' ? 'product' : 'item';
}

/** GTIN and lot of a lot's link; null for anything else. */
export function lotOf(uri: string): { gtin: string; lot: string } | null {
  const [, ai, gtin = '', level, lot = ''] = LINK.exec(uri) ?? [];
  return ai === '01' && level === '10' ? { gtin, lot: shown(lot) } : null;
}

/** A broken escape is taken as it stands. */
function shown(segment: string): string {
  return decodeSegment(segment) ?? segment;
}
