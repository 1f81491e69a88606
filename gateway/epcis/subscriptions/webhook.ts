// JSON posted to a subscriber, signed as EPCIS 2.0 has it, and never into a private network.
import { createHmac } from 'node:crypto';
import { lookup as systemLookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export interface Delivery {
  readonly dest: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signatureToken: string | null;
  readonly privateDests: boolean;
  readonly signal: AbortSignal;
}

/** `ok`: the subscriber has it. A redirect is no success: it is not followed. */
export type Delivered = { readonly ok: true } | { readonly ok: false; readonly detail: string };

const ANSWER_TIMEOUT_MS = 15_000;

/** IANA's special-purpose registries: what is not somebody's address on the Internet. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
/** Of IPv6 only 2000::/3 is global unicast, and parts of it carry an IPv4 address along. */
const GLOBAL6 = new BlockList();
GLOBAL6.addSubnet('2000::', 3, 'ipv6');
const NOT_GLOBAL6 = new BlockList();
NOT_GLOBAL6.addSubnet('2001::', 23, 'ipv6');
NOT_GLOBAL6.addSubnet('2001:db8::', 32, 'ipv6');
NOT_GLOBAL6.addSubnet('2002::', 16, 'ipv6');
NOT_GLOBAL6.addSubnet('3fff::', 20, 'ipv6');

export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 4) return PRIVATE.check(address, 'ipv4');
  return !GLOBAL6.check(address, 'ipv6') || NOT_GLOBAL6.check(address, 'ipv6');
}

/**
 * `GS1-Signature: sha256=<hex>`, the HMAC-SHA256 of the body's bytes with the UTF-8 of the
 * subscription's `signatureToken` as key. The standard leaves the form to the implementation.
 */
export function signatureOf(body: string, token: string): string {
  return `sha256=${createHmac('sha256', token).update(body).digest('hex')}`;
}

export function deliver(delivery: Delivery): Promise<Delivered> {
  const { dest, body, headers: more = {}, signatureToken, privateDests, signal } = delivery;
  const url = new URL(dest);
  const address = url.hostname.replace(/^\[|\]$/g, '');
  // `lookup` below is not asked about an address.
  if (!privateDests && isIP(address) !== 0 && isPrivateAddress(address)) {
    return Promise.resolve({ ok: false, detail: PRIVATE_DEST });
  }
  const bytes = Buffer.from(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...more,
    ...(signatureToken !== null && { 'gs1-signature': signatureOf(body, signatureToken) }),
  };
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve({ ok: false, detail: error.message });
    const sending = open(url, {
      method: 'POST',
      headers,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      ...(!privateDests && { lookup: publicLookup }),
    });
    sending.on('error', fail);
    sending.on('response', (response) => {
      const status = response.statusCode ?? 0;
      // What it says beyond its status is not ours to read, however long it is.
      response.on('error', () => {}).destroy();
      const isTaken = status >= 200 && status < 300;
      resolve(isTaken ? { ok: true } : { ok: false, detail: `the subscriber answered ${status}` });
    });
    sending.end(bytes);
  });
}

const PRIVATE_DEST = 'dest is in a private network';

/**
 * The address that is judged is the one that is connected to: a name that resolves to another one a
 * moment later (DNS rebinding) gains nothing.
 */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [], 0);
    const found = addresses.find(({ address }) => !isPrivateAddress(address));
    // One private address makes the name suspect as a whole.
    if (!found || addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(new Error(PRIVATE_DEST), [], 0);
    }
    if (options.all) return callback(null, addresses);
    return callback(null, found.address, found.family);
  });
};
