import { parseDigitalLink } from '../epcis/gs1/digital-link.ts';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { Gs1Key } from '../epcis/gs1/gs1-key.ts';

/**
 * What an URI names, and so in which field of an event it stands: one thing (`epcList`), a class or
 * lot (`quantityList`), a place. What is no GS1 key is one thing by the word of who named it.
 */
export interface Thing {
  readonly kind: 'instance' | 'class' | 'place';
  /** Canonical, where it is a GS1 key. */
  readonly uri: string;
  readonly key: Gs1Key | null;
}

export function thingOf(uri: string): Thing {
  const canonical = canonicalUri(uri);
  const parsed = parseDigitalLink(canonical);
  const key = parsed?.ok ? parsed.value : null;
  return { kind: key === null ? 'instance' : kindOf(key), uri: canonical, key };
}

/** Digits of a key that more must follow for it to name one thing (General Specifications §3). */
const CLASS_DIGITS: Readonly<Record<string, number>> = { '253': 13, '255': 13, '8003': 14 };

function kindOf({ ai, value, qualifier }: Gs1Key): Thing['kind'] {
  if (ai === '414') return 'place';
  if (ai === '01' || ai === '8006' || ai === '8010') {
    const isSerial = qualifier !== null && qualifier[0] !== '10';
    return isSerial ? 'instance' : 'class';
  }
  return CLASS_DIGITS[ai] === value.length ? 'class' : 'instance';
}
