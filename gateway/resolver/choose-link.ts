// Which link a request is led to (GS1-Conformant resolver, clauses 2.6.2 and 2.6.3).
import { acceptWeight } from '../http/epcis/accept.ts';
import type { Link, LinkContext } from './link.ts';

export interface Wishes {
  /** URI of the wanted link type. */
  readonly linkType: string;
  readonly accept: string | undefined;
  readonly acceptLanguage: string | undefined;
}

/**
 * The links that fit best, of the finest level that has the type: none, one, or several that the
 * headers do not tell apart.
 */
export function chooseLink(contexts: readonly LinkContext[], wishes: Wishes): readonly Link[] {
  for (const { links } of contexts) {
    const candidates = links.filter(({ linkType }) => linkType === wishes.linkType);
    if (candidates.length > 0) return bestOf(candidates, wishes);
  }
  return [];
}

/** Language goes before media type: who can't read a page is not helped by its format. */
function bestOf(links: readonly Link[], wishes: Wishes): readonly Link[] {
  const spoken = highest(links, (link) => languageWeight(link.hreflang, wishes.acceptLanguage));
  return highest(spoken, ({ type }) =>
    type === undefined ? 0 : acceptWeight(wishes.accept, type),
  );
}

function highest(links: readonly Link[], weight: (link: Link) => number): readonly Link[] {
  const weights = links.map(weight);
  const most = Math.max(...weights);
  return links.filter((_, i) => weights[i] === most);
}

/** A link that says no language stands between one in a wanted and one in an unwanted language. */
const UNSTATED = 0.000_5;
/** `de-CH` for a reader of `de`, or the other way: worse than the very tag of equal weight. */
const NEAR = 0.9;
const RANGES_MAX = 32;

function languageWeight(tags: readonly string[] | undefined, header: string | undefined): number {
  if (tags === undefined) return UNSTATED;
  const ranges = (header ?? '').toLowerCase().split(',', RANGES_MAX).map(rangeOf);
  const weights = tags.flatMap((tag) => ranges.map((range) => fit(tag.toLowerCase(), range)));
  return Math.max(0, ...weights);
}

interface Range {
  readonly tag: string;
  readonly weight: number;
}

function rangeOf(text: string): Range {
  const [tag = '', ...parameters] = text.trim().split(/\s*;\s*/);
  const q = parameters.find((one) => one.startsWith('q='));
  const weight = q === undefined ? 1 : Number(q.slice(2));
  return { tag, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}

function fit(tag: string, range: Range): number {
  if (range.tag === tag) return range.weight;
  const isNear = tag.startsWith(`${range.tag}-`) || range.tag.startsWith(`${tag}-`);
  return range.tag !== '' && isNear ? range.weight * NEAR : 0;
}
