// What a keyboard scanner's device node gives, as this machine's kernel would write it.
import { EVENT_BYTES } from '../../device-sdk/sensors/hid-keys.ts';

const EV_SYN = 0;
const EV_KEY = 1;
const EV_MSC = 4;
export const SHIFT = 42;
export const CONTROL = 29;

/** One `struct input_event`; its time is of no interest. */
export function event(type: number, code: number, value: number): Buffer {
  const bytes = Buffer.alloc(EVENT_BYTES);
  bytes.writeUInt16LE(type, EVENT_BYTES - 8);
  bytes.writeUInt16LE(code, EVENT_BYTES - 6);
  bytes.writeInt32LE(value, EVENT_BYTES - 4);
  return bytes;
}

/** A key pressed and let go, with the events that a driver sends around it. */
export function press(code: number): Buffer {
  const parts = [event(EV_MSC, 4, code), event(EV_KEY, code, 1), event(EV_SYN, 0, 0)];
  return Buffer.concat([...parts, event(EV_KEY, code, 0), event(EV_SYN, 0, 0)]);
}

export function held(code: number, inner: Buffer): Buffer {
  return Buffer.concat([event(EV_KEY, code, 1), inner, event(EV_KEY, code, 0)]);
}

/** linux/input-event-codes.h, KEY_1 to KEY_0, KEY_A and so on: what these tests type. */
const CODES: Readonly<Record<string, number>> = {
  ...Object.fromEntries([...'1234567890'].map((char, i) => [char, 2 + i])),
  ...Object.fromEntries([...'qwertyuiop'].map((char, i) => [char, 16 + i])),
  ...Object.fromEntries([...'asdfghjkl'].map((char, i) => [char, 30 + i])),
  ...Object.fromEntries([...'zxcvbnm'].map((char, i) => [char, 44 + i])),
  '-': 12,
  ']': 27,
  '\r': 28,
};

/** Digits, letters, `-`, `]`, GS and Enter as key presses. */
export function keysOf(text: string): Buffer {
  return Buffer.concat(
    [...text].map((char) => {
      if (char === '\u001d') return held(CONTROL, press(27));
      const code = CODES[char.toLowerCase()];
      if (code === undefined) throw new Error(`no key for ${char}`);
      return char === char.toLowerCase() ? press(code) : held(SHIFT, press(code));
    }),
  );
}
