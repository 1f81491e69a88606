// `resolver` of truegrain.json: what the operator adds to the links of every thing.
import type { Section } from '../config-section.ts';
import { DEFAULT_LINK, GS1_VOCABULARY, linkTypeUri } from './link-type.ts';

export interface OperatorLink {
  /** URI. */
  readonly linkType: string;
  /** URL with `{epc}` or an application identifier, `{01}`, `{10}`, where the thing's goes. */
  readonly url: string;
  readonly title: string;
  readonly type?: string;
  readonly hreflang?: readonly string[];
}

/** As the schema of linksets has it (GS1-Conformant resolver 1.2): `de` or `de-CH`. */
const LANGUAGE = /^[A-Za-z]{2}(?:-[A-Za-z]{2})?$/;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;
const LINK_TYPE = /^(?:gs1:[A-Za-z]\w*|https:\/\/\S+)$/;
/** Behind the authority only: a thing's number must not choose the host. */
const TEMPLATE = /^https?:\/\/[^/?#{}\s]+(?:[/?#](?:[^{}\s]|\{(?:epc|\d{2,4})\})*)?$/;
/** What the gateway says itself; a link beside it would make two defaults. */
const RESERVED = new Set([DEFAULT_LINK, `${GS1_VOCABULARY}defaultLinkMulti`]);

export function operatorLinks(section: Section): readonly OperatorLink[] {
  const links = section.sections('links').map(linkOf);
  section.close();
  return links;
}

function linkOf(section: Section): OperatorLink {
  const linkType = linkTypeUri(section.text('linkType', { pattern: LINK_TYPE }));
  if (RESERVED.has(linkType)) section.fail('linkType', 'is the gateway’s own');
  const hreflang = section.texts('hreflang');
  if (!hreflang.every((tag) => LANGUAGE.test(tag))) {
    section.fail('hreflang', 'must be a list of languages like "de" or "de-CH"');
  }
  const type = section.maybe('type', () => section.text('type', { pattern: MEDIA_TYPE }));
  const link = {
    linkType,
    url: section.text('url', { pattern: TEMPLATE }),
    title: section.text('title'),
    ...(type !== undefined && { type }),
    ...(hreflang.length > 0 && { hreflang }),
  };
  section.close();
  return link;
}
