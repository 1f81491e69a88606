// Bytes and their texts: hex, base64 and base64url (RFC 4648), UTF-8 (RFC 3629); canonical forms only.

/** @module bytes */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ascii = new TextDecoder('latin1');
const HEX = '0123456789abcdef';
const DIGITS = encoder.encode(HEX);
/** Of 32 bytes, what nearly every call is for. */
const HASH_DIGITS = 64;
const hashDigits = new Uint8Array(HASH_DIGITS);
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Not constant-time: for public values only. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function equalOrNull(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : equal(a, b);
}

/** Bytewise lexicographic order, a prefix before its extension (RFC 8949 §4.2.1). */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * Digits decoded in one piece: a text put together of 64 is a tree of 64 that a Map's lookup then has
 * to flatten, eight times as long as this takes (0.4 µs for a hash).
 */
export function toHex(bytes: Uint8Array): string {
  const count = 2 * bytes.length;
  const digits = count <= HASH_DIGITS ? hashDigits.subarray(0, count) : new Uint8Array(count);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    digits[2 * i] = DIGITS[byte >> 4] ?? 0;
    digits[2 * i + 1] = DIGITS[byte & 15] ?? 0;
  }
  return ascii.decode(digits);
}

/** Lower-case hex only: one text per value. */
export function fromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0) return null;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) {
    const high = HEX.indexOf(text.charAt(2 * i));
    const low = HEX.indexOf(text.charAt(2 * i + 1));
    if (high < 0 || low < 0) return null;
    out[i] = (high << 4) | low;
  }
  return out;
}

function encode64(bytes: Uint8Array, alphabet: string, pad: string): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += left > 1 ? alphabet.charAt((group >> 6) & 63) : pad;
    text += left > 2 ? alphabet.charAt(group & 63) : pad;
  }
  return text;
}

/** `digits` carries no padding; non-zero spare bits are refused, so that one value has one text. */
function decode64(digits: string, values: Int8Array): Uint8Array | null {
  if (digits.length % 4 === 1) return null;
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let group = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = values[digits.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    group = ((group << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (group >> bits) & 0xff;
    }
  }
  return (group & ((1 << bits) - 1)) === 0 ? out : null;
}

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}

const BASE64_VALUES = valuesOf(BASE64);
const BASE64URL_VALUES = valuesOf(BASE64URL);

export function toBase64(bytes: Uint8Array): string {
  return encode64(bytes, BASE64, '=');
}

/** Padded, canonical (RFC 4648 §3.5), nothing else in the text; anything more lenient is malleable. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode64(text.slice(0, text.length - padding), BASE64_VALUES);
}

export function toBase64Url(bytes: Uint8Array): string {
  return encode64(bytes, BASE64URL, '');
}

/** Unpadded, canonical. */
export function fromBase64Url(text: string): Uint8Array | null {
  return decode64(text, BASE64URL_VALUES);
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * Null for anything that isn't well-formed UTF-8, and for a leading byte order mark: decoders
 * disagree on whether it survives, so the same bytes would be two texts.
 */
export function fromUtf8(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return null;
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
