// A linkset as JSON (RFC 9264 §4.2), with what the GS1-Conformant resolver standard asks of it.
import type { Link, LinkContext } from './link.ts';

export const MEDIA_LINKSET = 'application/linkset+json';
/** GS1's, by reference: it turns the JSON into JSON-LD. */
export const LINKSET_CONTEXT = 'https://ref.gs1.org/standards/resolver/linkset-context';

interface Target {
  readonly href: string;
  readonly title: string;
  readonly type?: string;
  readonly hreflang?: readonly string[];
}

export interface Linkset {
  readonly linkset: readonly Readonly<Record<string, string | readonly Target[]>>[];
}

export function linksetOf(
  contexts: readonly { readonly anchor: string; readonly links: readonly Link[] }[],
): Linkset {
  return {
    linkset: contexts.map(({ anchor, links }) => {
      const targets = new Map<string, Target[]>();
      for (const { linkType, takesQuery: _, ...target } of links) {
        targets.set(linkType, [...(targets.get(linkType) ?? []), target]);
      }
      return { anchor, ...Object.fromEntries(targets) };
    }),
  };
}

/** Links that a request did not choose between, at the level where it asked (clause 2.6.3). */
export function choicesOf(contexts: readonly LinkContext[], links: readonly Link[]): Linkset {
  return linksetOf([{ anchor: contexts[0]?.anchor ?? '', links }]);
}
