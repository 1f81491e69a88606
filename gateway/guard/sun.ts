// The SUN message of an NTAG 424 DNA tag: NXP AN12196 §3 (secure dynamic messaging, AES mode).

/**
 * Each tap gives another URL: the tag encrypts its UID and a counter that only grows, and signs them
 * with a key that does not leave it. A message that verifies proves that the tag was there once. The
 * same message proves nothing twice: whoever folds the log keeps the last counter of each UID and
 * asks `isFreshTap`.
 *
 * @module sun
 */
import { createDecipheriv, timingSafeEqual } from 'node:crypto';
import { concat, fromHex, fromUtf8, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { aesCmac, encryptBlock } from './aes-cmac.ts';

export interface SunMessage {
  /** Hexadecimal as the tag writes it, in capitals: the MAC is over these characters. */
  readonly picc: string;
  /** Encrypted file data, mirrored directly before the MAC. */
  readonly enc?: string | undefined;
  readonly cmac: string;
  /** Name of the MAC's parameter, which the MAC input ends with. */
  readonly cmacName?: string | undefined;
}

export interface SunKeys {
  /** SDMMetaReadKey, 16 bytes: common to the tags of an owner, for it is needed to learn the UID. */
  readonly metaReadKey: Uint8Array;
  /** SDMFileReadKey, 16 bytes; a function of the UID where each tag has its own. */
  readonly fileReadKey: Uint8Array | ((uid: Uint8Array) => Uint8Array);
}

export interface SunTap {
  /** 7 bytes. */
  readonly uid: Uint8Array;
  /** SDMReadCtr: taps of this tag so far. */
  readonly counter: number;
  /** Decrypted; null where the tag mirrors none. */
  readonly fileData: string | null;
}

export type SunRefusal =
  /** No URL or parts of the form that the tag writes. */
  | 'sun_form'
  /** The PICC data of another owner's tag, or none at all. */
  | 'sun_picc'
  /** The MAC is wrong. */
  | 'sun_mac';

const URL_LENGTH_MAX = 1_024;
const FILE_BYTES_MAX = 256;
const PICC_BYTES = 16;
const MAC_BYTES = 8;
const UID_BYTES = 7;
/** UID and counter are mirrored, and the UID has seven bytes. */
const PICC_TAG = 0xc0 | UID_BYTES;
const URL_TAIL =
  /[?&](?:picc_data|picc|e)=([0-9A-F]{32})(?:&enc=([0-9A-F]{32,}))?&(cmac|c)=([0-9A-F]{16})$/;
const HEX = /^(?:[0-9A-F]{2})+$/;
/** Labels of the session vectors: SV1 for encryption, SV2 for the MAC. */
const SV1 = Uint8Array.of(0xc3, 0x3c, 0x00, 0x01, 0x00, 0x80);
const SV2 = Uint8Array.of(0x3c, 0xc3, 0x00, 0x01, 0x00, 0x80);

export function readSun(message: string | SunMessage, keys: SunKeys): Result<SunTap, SunRefusal> {
  const parts = typeof message === 'string' ? partsOf(message) : message;
  const picc = parts && bytesOf(parts.picc, PICC_BYTES);
  const mac = parts && bytesOf(parts.cmac, MAC_BYTES);
  if (!parts || !picc || !mac) return fail('sun_form', 'not a SUN message');
  const encrypted = parts.enc === undefined ? null : bytesOf(parts.enc);
  const isCut = encrypted && (encrypted.length % 16 !== 0 || encrypted.length > FILE_BYTES_MAX);
  if (isCut || (parts.enc !== undefined && !encrypted)) {
    return fail('sun_form', 'file data of another length than the tag writes');
  }
  const plain = decrypt(keys.metaReadKey, new Uint8Array(16), picc);
  if (plain[0] !== PICC_TAG) return fail('sun_picc', 'not the PICC data of a known tag');
  const uid = plain.slice(1, 1 + UID_BYTES);
  const counterBytes = plain.slice(1 + UID_BYTES, 1 + UID_BYTES + 3);
  const { fileReadKey } = keys;
  const fileKey = typeof fileReadKey === 'function' ? fileReadKey(uid) : fileReadKey;
  const session = (label: Uint8Array) => aesCmac(fileKey, concat(label, uid, counterBytes));
  // The MAC input runs from the file data to the MAC itself; without file data it is empty.
  const signed = parts.enc === undefined ? '' : `${parts.enc}&${parts.cmacName ?? 'cmac'}=`;
  if (!timingSafeEqual(truncate(aesCmac(session(SV2), utf8(signed))), mac)) {
    return fail('sun_mac', 'the MAC is wrong');
  }
  const [low = 0, middle = 0, high = 0] = counterBytes;
  const counter = low | (middle << 8) | (high << 16);
  if (!encrypted) return ok({ uid, counter, fileData: null });
  const fileData = fromUtf8(decryptFile(session(SV1), counterBytes, encrypted));
  if (fileData === null) return fail('sun_form', 'file data that is no text');
  return ok({ uid, counter, fileData });
}

/** The counter only grows: one that is not above the last was shown before, or kept back. */
export function isFreshTap(last: number | null, counter: number): boolean {
  return last === null || counter > last;
}

/** The end of the URL in the orders of AN12196; what stands before is the owner's. */
function partsOf(url: string): SunMessage | null {
  const match = url.length > URL_LENGTH_MAX ? null : URL_TAIL.exec(url);
  if (!match) return null;
  const [, picc = '', enc, cmacName, cmac = ''] = match;
  return { picc, enc, cmac, cmacName };
}

function bytesOf(hex: string, length?: number): Uint8Array | null {
  const bytes = HEX.test(hex) ? fromHex(hex.toLowerCase()) : null;
  return bytes && (length === undefined || bytes.length === length) ? bytes : null;
}

/** The IV is the encrypted counter, so that equal data never looks equal. */
function decryptFile(key: Uint8Array, counterBytes: Uint8Array, encrypted: Uint8Array) {
  return decrypt(key, encryptBlock(key, concat(counterBytes, new Uint8Array(13))), encrypted);
}

function decrypt(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return Uint8Array.from(decipher.update(bytes));
}

/** SDMMAC is every second byte: 1, 3, … 15. */
function truncate(mac: Uint8Array): Uint8Array {
  return mac.filter((_, i) => i % 2 === 1);
}
