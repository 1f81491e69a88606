// The links of a thing: those that every gateway has, and those that its operator configured.
import { CANONICAL_ORIGIN } from '../epcis/gs1/digital-link.ts';
import { DEFAULT_LINK, GS1_VOCABULARY } from './link-type.ts';
import type { OperatorLink } from './resolver-config.ts';
import type { Level, Thing } from './thing.ts';

export interface Link {
  /** URI of its link type. */
  readonly linkType: string;
  readonly href: string;
  readonly title: string;
  /** Media type of what it leads to. */
  readonly type?: string;
  readonly hreflang?: readonly string[];
  /** Whether the query of the request goes along: not to what has a query language of its own. */
  readonly takesQuery: boolean;
}

export interface LinkContext {
  /** URI of the level at this resolver. */
  readonly anchor: string;
  /** The default link is the first. */
  readonly links: readonly [Link, ...Link[]];
}

const PAGE = { type: 'text/html', hreflang: ['en', 'zh'] } as const;

/**
 * Links by level, the finest first. They are made of the identifier alone, so an answer never tells
 * whether the ledger has heard of the thing, and a code printed today resolves before the first
 * reading. `root` has no slash at its end.
 */
export function linksOf(
  thing: Thing,
  { root, more }: { root: string; more: readonly OperatorLink[] },
): readonly LinkContext[] {
  return thing.levels.map((level) => ({
    anchor: `${root}${level.path}`,
    links: [...ownLinks(level, root), ...more.flatMap((link) => operatorLink(link, level))],
  }));
}

function ownLinks({ epc }: Level, root: string): readonly [Link, ...Link[]] {
  const name = encodeURIComponent(epc);
  // No ledger id is added: what the phone trusts comes with the code, not from this gateway.
  const page = `${root}/ui/c${epc.slice(CANONICAL_ORIGIN.length)}`;
  return [
    { linkType: DEFAULT_LINK, href: page, title: PAGE_TITLE, takesQuery: true },
    {
      linkType: `${GS1_VOCABULARY}pip`,
      href: page,
      title: PAGE_TITLE,
      ...PAGE,
      takesQuery: true,
    },
    {
      linkType: `${GS1_VOCABULARY}traceability`,
      href: `${root}/ui/#/product/${name}`,
      title: 'Where it was, with the evidence',
      ...PAGE,
      takesQuery: false,
    },
    {
      linkType: `${GS1_VOCABULARY}epcis`,
      href: `${root}/epcis/epcs/${name}/events`,
      title: 'Its events (EPCIS 2.0; needs a token)',
      type: 'application/json',
      takesQuery: false,
    },
  ];
}

const PAGE_TITLE = 'What was measured of it, and what is only said';

/** None where the template asks for an identifier that the level has not. */
function operatorLink({ url, ...link }: OperatorLink, level: Level): Link[] {
  let isWhole = true;
  const href = url.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === 'epc' ? level.epc : level.values.get(name);
    if (value === undefined) isWhole = false;
    return encodeURIComponent(value ?? '');
  });
  return isWhole ? [{ ...link, href, takesQuery: true }] : [];
}
