// A GS1 Digital Link URI in words: which key it is, and its number (GS1 Digital Link URI syntax 1.4).
import { decodeSegment } from '@truegrain/device-sdk/formats/uri-segment.js';

/** Application identifiers that can be in a path, with the name people call them by. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['00', 'SSCC'],
  ['01', 'GTIN'],
  ['10', 'lot'],
  ['21', 'serial'],
  ['22', 'CPV'],
  ['235', 'TPX'],
  ['253', 'GDTI'],
  ['254', 'ext'],
  ['255', 'GCN'],
  ['401', 'GINC'],
  ['402', 'GSIN'],
  ['414', 'GLN'],
  ['417', 'party'],
  ['8003', 'GRAI'],
  ['8004', 'GIAI'],
  ['8006', 'ITIP'],
  ['8010', 'CPID'],
  ['8011', 'CPID serial'],
  ['8013', 'GMN'],
  ['8017', 'GSRN'],
  ['8018', 'GSRN'],
]);

export interface KeyPart {
  readonly name: string;
  readonly value: string;
}

/** Its keys in order; null where it is no Digital Link. */
export function keyParts(uri: string): KeyPart[] | null {
  const path = /^https?:\/\/[^/?#]+\/([^?#]*)/.exec(uri)?.[1];
  if (path === undefined) return null;
  const segments = path.split('/');
  const start = segments.findIndex(
    (part, i) => NAMES.get(part) !== undefined && /\d/.test(segments[i + 1] ?? ''),
  );
  if (start < 0) return null;
  const parts: KeyPart[] = [];
  for (let i = start; i + 1 < segments.length; i += 2) {
    const name = NAMES.get(segments[i] ?? '');
    if (name === undefined) return null;
    parts.push({ name, value: decoded(segments[i + 1] ?? '') });
  }
  return parts;
}

/** `SSCC 395213200000047114`; a place by coordinates is these; anything else its end, or itself. */
export function itemName(uri: string): string {
  const coordinates = /^geo:(-?[\d.]+),(-?[\d.]+)/.exec(uri);
  if (coordinates !== null) return `${coordinates[1]}°, ${coordinates[2]}°`;
  const parts = keyParts(uri);
  if (parts !== null) return parts.map(({ name, value }) => `${name} ${value}`).join(' · ');
  return uri.length <= 36 ? uri : `…${uri.slice(-34)}`;
}

/** A broken escape is taken as it stands. */
function decoded(text: string): string {
  return decodeSegment(text) ?? text;
}
