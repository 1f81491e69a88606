// The engine's forms of an Ed25519 key: CometBFT crypto/ed25519, p2p/key.go, privval/file.go.

/** @module engine-keys */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';

const ADDRESS_BYTES = 20;

/** Of a p2p key and of a consensus key alike: the first 20 bytes of SHA-256 of the 32-byte key. */
export function engineAddress(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, ADDRESS_BYTES);
}

/** As in `<id>@host:port`, 40 lower hex. */
export function p2pNodeId(publicKey: Uint8Array): string {
  return toHex(engineAddress(publicKey));
}

/** As blocks, votes and the RPC name a validator, 40 upper hex. */
export function validatorAddress(publicKey: Uint8Array): string {
  return p2pNodeId(publicKey).toUpperCase();
}

export function publicKeyJson(publicKey: Uint8Array) {
  return { type: 'tendermint/PubKeyEd25519', value: base64(publicKey) };
}

/** Go's ed25519.PrivateKey: the seed and the public key behind it. */
export function privateKeyJson(key: KeyObject) {
  const { d, x } = key.export({ format: 'jwk' });
  if (key.asymmetricKeyType !== 'ed25519' || !d || !x) {
    throw new TypeError("the engine's keys are Ed25519 private keys");
  }
  const bytes = Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]);
  return { type: 'tendermint/PrivKeyEd25519', value: base64(bytes) };
}

export function publicBytes(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x ?? '', 'base64url'));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
