/** More levels than anybody builds; a hostile path can't fill the index. */
const LEVELS_MAX = 16;

/**
 * The places that a place is in, itself first. EPCIS 2.0 §6.5 leaves "descendants" to master data,
 * and this repository keeps none; what it goes by is the identifier: a location with an extension is
 * within the location of the same GLN, and a web address within each address above it in its path.
 * Any other URI is within itself alone. `uri` is canonical.
 */
export function placeAncestors(uri: string): string[] {
  const location = /^(https:\/\/id\.gs1\.org\/414\/\d{13})(?:\/254\/.+)?$/.exec(uri)?.[1];
  if (location !== undefined) return location === uri ? [uri] : [uri, location];
  const [, origin = '', path = ''] = /^(https?:\/\/[^/?#]+)([^?#]*)/i.exec(uri) ?? [];
  if (origin === '') return [uri];
  const segments = path.split('/').filter((segment) => segment !== '');
  const found = new Set([uri]);
  for (let depth = Math.min(segments.length, LEVELS_MAX); depth > 0; depth -= 1) {
    found.add(`${origin}/${segments.slice(0, depth).join('/')}`);
  }
  return [...found];
}
