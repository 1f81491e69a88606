// What the code on a pack names: a thing, and with it, where the printer wished so, the ledger.
import { decodeSegment } from '@truegrain/device-sdk/formats/uri-segment.js';

export interface ConsumerAddress {
  readonly item: string;
  /** 64 hexadecimal digits, printed on the pack: what the phone trusts, as it comes from elsewhere. */
  readonly ledgerId: string | null;
}

const PREFIX = '/ui/c/';
const CANONICAL = 'https://id.gs1.org/';

/** `/ui/c/01/…/21/…?ledger=…` or a whole URI, escaped, behind `/ui/c/`; null where it names nothing. */
export function consumerAddress(pathname: string, search: string): ConsumerAddress | null {
  if (!pathname.startsWith(PREFIX)) return null;
  const rest = pathname.slice(PREFIX.length);
  if (rest === '') return null;
  const whole = decoded(rest);
  const item = /^(https?:\/\/|urn:)/i.test(whole) ? whole : `${CANONICAL}${rest}`;
  const ledger = new URLSearchParams(search).get('ledger')?.toLowerCase() ?? '';
  return { item, ledgerId: /^[0-9a-f]{64}$/.test(ledger) ? ledger : null };
}

/** A broken escape is taken as it stands. */
function decoded(text: string): string {
  return decodeSegment(text) ?? text;
}
