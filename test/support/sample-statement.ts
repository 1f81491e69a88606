// A device's second statement under a made-up signature, and its parts put together in any way.
import { concat } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { MEDIA_SENML_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import {
  finishStatement,
  parseStatement,
  prepareStatement,
  type StatementFields,
} from '@truegrain/device-sdk/formats/statement.js';

export const SIGNATURE = new Uint8Array(64).fill(1);
const ledgerId = new Uint8Array(32).fill(2);
export const fields: StatementFields = {
  alg: -8,
  kid: new Uint8Array(32).fill(3),
  iss: 'urn:dev:ops:32473-a',
  sub: 'https://id.example/01/1',
  iat: 1_763_000_000,
  payload: { kind: 'hash', digest: new Uint8Array(32).fill(4), preimageType: MEDIA_SENML_CBOR },
  seq: 2,
  prev: new Uint8Array(32).fill(6),
  ledgerId,
  device: {
    bootId: new Uint8Array(16).fill(7),
    quality: 3,
    errorMs: 20,
    count: 10,
    firstMs: 1_763_000_000_000,
    lastMs: 1_763_000_009_000,
  },
};

export function bytesOf(changes: Partial<StatementFields>): Uint8Array {
  return finishStatement(prepareStatement({ ...fields, ...changes }), SIGNATURE);
}

export const entry = bytesOf({});

/** Tag-18 bytes of any parts, well-formed or not. */
export function assemble(
  protectedBytes: Uint8Array,
  parts: { unprotected?: Uint8Array; payload?: Uint8Array; signature?: Uint8Array } = {},
): Uint8Array {
  return concat(
    Uint8Array.of(0xd2, 0x84),
    encodeCbor(protectedBytes),
    parts.unprotected ?? Uint8Array.of(0xa0),
    encodeCbor(parts.payload ?? new Uint8Array(32).fill(4)),
    encodeCbor(parts.signature ?? SIGNATURE),
  );
}

export function codeOf(bytes: Uint8Array): string {
  const parsed = parseStatement(bytes);
  return parsed.ok ? 'ok' : parsed.code;
}
