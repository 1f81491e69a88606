// Linux input subsystem: `struct input_event` (linux/input.h) and key codes (linux/input-event-codes.h).

/** @module hid-keys */

/** Two longs of time, then type, code and value; a long has 4 bytes on a 32-bit machine. */
export const EVENT_BYTES = process.arch === 'arm' || process.arch === 'ia32' ? 16 : 24;

const EV_KEY = 1;
const RELEASED = 0;

/** US layout, as scanners come; each code with its plain and its shifted character. */
const ROWS: readonly [firstCode: number, plain: string, shifted: string][] = [
  [2, '1234567890-=', '!@#$%^&*()_+'],
  [16, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [28, '\r', '\r'],
  [30, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [43, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
  [55, '*', '*'],
  [57, ' ', ' '],
  [71, '789-456+1230.', '789-456+1230.'],
  [96, '\r', '\r'],
  [98, '/', '/'],
];

const KEYS: ReadonlyMap<number, readonly [plain: string, shifted: string]> = new Map(
  ROWS.flatMap(([first, plain, shifted]) =>
    [...plain].map((char, i) => [first + i, [char, shifted[i] ?? char]] as const),
  ),
);

const SHIFTS: ReadonlySet<number> = new Set([42, 54]);
const CONTROLS: ReadonlySet<number> = new Set([29, 97]);
/** A caps lock that is on turns every letter round and nothing tells: the key is not obeyed. */

/** Key presses of one keyboard as the characters they type. Incomplete events wait for the rest. */
export class HidKeys {
  readonly #held = new Set<number>();
  #rest = Buffer.alloc(0);

  /** Latin-1; Enter is CR, and Ctrl with a key is its control character: GS is Ctrl and ]. */
  push(chunk: Uint8Array): string {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let text = '';
    let at = 0;
    for (; at + EVENT_BYTES <= bytes.length; at += EVENT_BYTES) {
      const type = bytes.readUInt16LE(at + EVENT_BYTES - 8);
      const code = bytes.readUInt16LE(at + EVENT_BYTES - 6);
      const value = bytes.readInt32LE(at + EVENT_BYTES - 4);
      if (type === EV_KEY) text += this.#key(code, value);
    }
    this.#rest = bytes.subarray(at);
    return text;
  }

  /** After the device was opened anew: a key held before will never be seen to be let go. */
  reset(): void {
    this.#held.clear();
    this.#rest = Buffer.alloc(0);
  }

  #key(code: number, value: number): string {
    if (SHIFTS.has(code) || CONTROLS.has(code)) {
      if (value === RELEASED) this.#held.delete(code);
      else this.#held.add(code);
      return '';
    }
    // A held key repeats: a scanner types every character once.
    if (value !== 1) return '';
    const key = KEYS.get(code);
    if (key === undefined) return '';
    const [plain, shifted] = key;
    if ([...CONTROLS].some((one) => this.#held.has(one))) return controlOf(plain);
    return [...SHIFTS].some((one) => this.#held.has(one)) ? shifted : plain;
  }
}

/** ASCII: the control character is the key's with the upper three bits off. */
function controlOf(char: string): string {
  const code = char.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code < 0x60 ? String.fromCharCode(code & 0x1f) : '';
}
