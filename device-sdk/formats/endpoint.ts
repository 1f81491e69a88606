// SPEC.md §4.13: where a member's node is reached, and whose certificates it presents there.

/** @module endpoint */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { type Fields, openFields } from './fields.ts';
import { GOVERNANCE_VERSION } from './governance.ts';
import type { Result } from './result.ts';

export interface Endpoint {
  /** `https://host:port` of the door for members. */
  readonly http: string;
  /** DER of the member's own certificate authority: its node presents what this one issued. */
  readonly ca: Uint8Array;
  /** `host:port` on which the consensus engine listens; null where others are not to dial it. */
  readonly p2p: string | null;
  /** The engine's node id, 20 bytes; null where there is no engine. */
  readonly nodeId: Uint8Array | null;
  /** What the public reads; null where it reads nothing here. */
  readonly publicUrl: string | null;
}

export interface EndpointNotice extends Endpoint {
  readonly logTimeMs: number;
}

const CA_BYTES_MAX = 4_096;
const NODE_ID_BYTES = 20;
const URL_LENGTH_MAX = 512;
const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])`;
/** 1 to 65535. */
const PORT =
  '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
const HTTPS_URL = new RegExp(`^https://${HOST}(?::${PORT})?(?:/[!-~]*)?$`);
const WEB_URL = new RegExp(`^https?://${HOST}(?::${PORT})?(?:/[!-~]*)?$`);
const HOST_PORT = new RegExp(`^${HOST}:${PORT}$`);

export function endpointMap(endpoint: Endpoint): CborMap {
  return new Map<CborKey, CborValue>([
    ['http', endpoint.http],
    ['ca', endpoint.ca],
    ['p2p', endpoint.p2p],
    ['nodeId', endpoint.nodeId],
    ['publicUrl', endpoint.publicUrl],
  ]);
}

/** Takes the endpoint's fields from a map that may have others, and leaves closing it to the caller. */
export function readEndpoint(fields: Fields): Endpoint {
  const endpoint = {
    http: fields.text('http', { max: URL_LENGTH_MAX, pattern: HTTPS_URL }),
    ca: fields.bytes('ca', { max: CA_BYTES_MAX }),
    p2p: fields.isNull('p2p') ? null : fields.text('p2p', { max: 261, pattern: HOST_PORT }),
    nodeId: fields.isNull('nodeId') ? null : fields.bytes('nodeId', { length: NODE_ID_BYTES }),
    publicUrl: fields.isNull('publicUrl')
      ? null
      : fields.text('publicUrl', { max: URL_LENGTH_MAX, pattern: WEB_URL }),
  };
  if (endpoint.ca.length === 0) fields.odd('ca', 'empty');
  return endpoint;
}

export function encodeEndpoint(notice: EndpointNotice): Uint8Array {
  const own: [string, CborValue][] = [
    ['v', GOVERNANCE_VERSION],
    ['logTimeMs', notice.logTimeMs],
  ];
  return encodeCbor(new Map([...endpointMap(notice), ...own]));
}

export function parseEndpoint(bytes: Uint8Array): Result<EndpointNotice> {
  const opened = openFields(bytes, 'endpoint');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  return fields.finish({ logTimeMs: fields.timeMs('logTimeMs'), ...readEndpoint(fields) });
}
