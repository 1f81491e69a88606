import { fromHex, toHex } from '@truegrain/device-sdk/formats/bytes.js';

/** A record of the fold as JSON text that a person can read in SQL; bytes stand as {"hex": …}. */
export function toText(record: unknown): string {
  return JSON.stringify(record, asHex);
}

/** Reads the field itself: a Buffer has turned into its own JSON form by the time it is `value`. */
function asHex(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const raw = this[key];
  return raw instanceof Uint8Array ? { hex: toHex(raw) } : value;
}

export function fromText<T>(text: string): T {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('hex' in value)) return value;
    return typeof value.hex === 'string' ? fromHex(value.hex) : value;
  }) as T;
}
