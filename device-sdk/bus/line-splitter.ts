/**
 * Cuts a byte stream into lines: resyncs and drops, never throws. Where lines begin with a start
 * byte, which is reserved in NMEA 0183, one in the middle of a line means that the receiver
 * restarted (gp-320fw does exactly this) and what stood before it is lost.
 *
 * @module line-splitter
 */

export interface LineSplitterOptions {
  /** `$` for NMEA, the default. Null where a line begins with whatever comes, as a scanner's does. */
  readonly startByte?: number | null;
  /** NMEA allows 82; receivers exceed it, boot noise exceeds everything. */
  readonly lineBytesMax?: number;
}

const LF = 0x0a;
const CR = 0x0d;

export class LineSplitter {
  readonly stats = { lines: 0, droppedBytes: 0, droppedLines: 0 };
  readonly #startByte: number | null;
  readonly #line: Uint8Array;
  /** Bytes collected since the start byte; 0 while hunting for one. */
  #length = 0;
  /** What is left of a line that was too long is no line of its own. */
  #isSkipping = false;

  constructor(options: LineSplitterOptions = {}) {
    this.#startByte = options.startByte === undefined ? 0x24 : options.startByte;
    this.#line = new Uint8Array(options.lineBytesMax ?? 256);
  }

  /** The complete lines this chunk finished, as Latin-1 without their line ends. */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    for (const byte of chunk) {
      if (byte === LF || byte === CR) {
        if (this.#length > 0) lines.push(this.#take());
        this.#isSkipping = false;
      } else if (byte === this.#startByte) {
        this.#drop();
        this.#isSkipping = false;
        this.#append(byte);
      } else if (this.#isSkipping || (this.#length === 0 && this.#startByte !== null)) {
        this.stats.droppedBytes += 1;
      } else if (this.#length === this.#line.length) {
        this.#drop();
        this.stats.droppedBytes += 1;
        this.#isSkipping = true;
      } else {
        this.#append(byte);
      }
    }
    return lines;
  }

  /** Forgets a half line, for instance after the port was reopened. */
  reset(): void {
    this.#isSkipping = false;
    this.#drop();
  }

  #append(byte: number): void {
    this.#line[this.#length] = byte;
    this.#length += 1;
  }

  #take(): string {
    const line = Buffer.from(this.#line.subarray(0, this.#length)).toString('latin1');
    this.#length = 0;
    this.stats.lines += 1;
    return line;
  }

  #drop(): void {
    if (this.#length === 0) return;
    this.stats.droppedBytes += this.#length;
    this.stats.droppedLines += 1;
    this.#length = 0;
  }
}
