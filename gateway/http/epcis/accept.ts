// Which of the media types on offer an Accept header asks for (RFC 9110 §12.5.1).

interface Range {
  readonly type: string;
  readonly subtype: string;
  readonly weight: number;
}

const RANGE = /^([\w!#$&^.+-]+|\*)\/([\w!#$&^.+-]+|\*)$/;
const RANGES_MAX = 32;

/** The best of `offers`, the first of equals; null where the header takes none of them. */
export function acceptedOf(header: string | undefined, offers: readonly string[]): string | null {
  if (header === undefined || header.trim() === '') return offers[0] ?? null;
  const ranges = header.split(',', RANGES_MAX).flatMap(rangeOf);
  let best: { offer: string; weight: number } | null = null;
  for (const offer of offers) {
    const weight = weightOf(offer, ranges);
    if (weight > (best?.weight ?? 0)) best = { offer, weight };
  }
  return best?.offer ?? null;
}

/** How much a header wants one media type, 0 to 1; 1 where there is no header. */
export function acceptWeight(header: string | undefined, type: string): number {
  if (header === undefined || header.trim() === '') return 1;
  return weightOf(type, header.split(',', RANGES_MAX).flatMap(rangeOf));
}

function rangeOf(text: string): Range[] {
  const [name = '', ...parameters] = text
    .trim()
    .toLowerCase()
    .split(/\s*;\s*/);
  const [, type, subtype] = RANGE.exec(name) ?? [];
  if (type === undefined || subtype === undefined) return [];
  const q = parameters.find((one) => one.startsWith('q='));
  const weight = q === undefined ? 1 : Number(q.slice(2));
  return [{ type, subtype, weight: weight >= 0 && weight <= 1 ? weight : 0 }];
}

/** The most specific range decides, whatever its weight: `application/json;q=0, *` + `/*` refuses JSON. */
function weightOf(offer: string, ranges: readonly Range[]): number {
  const [type, subtype] = offer.split('/');
  const fits = (wantedType: string, wantedSubtype: string) =>
    ranges.find((one) => one.type === wantedType && one.subtype === wantedSubtype);
  const found = fits(type ?? '', subtype ?? '') ?? fits(type ?? '', '*') ?? fits('*', '*');
  return found?.weight ?? 0;
}
