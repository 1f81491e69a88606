import { SerialPort } from 'serialport';

/** What the slave does with one request. `next-request` holds the reply back until another comes. */
export type Behaviour =
  | { readonly delayMs: number }
  | { readonly holdUntil: 'next-request' }
  | { readonly exception: number }
  | { readonly raw: Uint8Array }
  | 'silence';

export interface Request {
  readonly unitId: number;
  readonly functionCode: number;
  readonly address: number;
  readonly count: number;
  /** From 0, over all requests. */
  readonly index: number;
}

export interface ModbusSlaveOptions {
  readonly path: string;
  readonly unitId: number;
  /** Asked when the request is handled; undefined = exception 2 (illegal data address). */
  readonly registers: (table: 'input' | 'holding', address: number) => number | undefined;
  readonly behave?: (request: Request) => Behaviour;
}

/** An RTU slave that answers strictly in order, as real ones do: a late reply delays the others. */
export class ModbusSlave {
  readonly requests: Request[] = [];
  behave: (request: Request) => Behaviour;
  readonly #options: ModbusSlaveOptions;
  readonly #port: SerialPort;
  #buffer = Buffer.alloc(0);
  #work: Promise<void> = Promise.resolve();
  #onRequest: (() => void) | null = null;

  private constructor(options: ModbusSlaveOptions, port: SerialPort) {
    this.#options = options;
    this.#port = port;
    this.behave = options.behave ?? (() => ({ delayMs: 0 }));
    port.on('data', (bytes: Buffer) => this.#receive(bytes));
    port.on('error', () => {});
  }

  static async open(options: ModbusSlaveOptions): Promise<ModbusSlave> {
    const port = new SerialPort({ path: options.path, baudRate: 9600, autoOpen: false });
    await new Promise<void>((resolve, reject) =>
      port.open((error) => (error ? reject(error) : resolve())),
    );
    return new ModbusSlave(options, port);
  }

  write(bytes: Uint8Array): void {
    if (this.#port.isOpen) this.#port.write(Buffer.from(bytes));
  }

  async close(): Promise<void> {
    if (this.#port.isOpen) await new Promise<void>((resolve) => this.#port.close(() => resolve()));
  }

  #receive(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    while (this.#buffer.length >= 8) {
      const frame = this.#buffer.subarray(0, 8);
      if (crc16(frame.subarray(0, 6)) !== frame.readUInt16LE(6)) {
        this.#buffer = this.#buffer.subarray(1);
        continue;
      }
      this.#buffer = this.#buffer.subarray(8);
      const request = {
        unitId: frame.readUInt8(0),
        functionCode: frame.readUInt8(1),
        address: frame.readUInt16BE(2),
        count: frame.readUInt16BE(4),
        index: this.requests.length,
      };
      if (request.unitId !== this.#options.unitId) continue;
      this.requests.push(request);
      this.#onRequest?.();
      this.#work = this.#work.then(() => this.#answer(request));
    }
  }

  async #answer(request: Request): Promise<void> {
    const behaviour = this.behave(request);
    if (behaviour === 'silence') return;
    if ('raw' in behaviour) return this.write(behaviour.raw);
    if ('exception' in behaviour) return this.write(exceptionFrame(request, behaviour.exception));
    const reply = this.#reply(request);
    if ('holdUntil' in behaviour && this.requests.length === request.index + 1) {
      await new Promise<void>((resolve) => {
        this.#onRequest = resolve;
      });
    }
    if ('delayMs' in behaviour && behaviour.delayMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs));
    }
    this.write(reply);
  }

  #reply(request: Request): Uint8Array {
    const table = request.functionCode === 4 ? 'input' : 'holding';
    const words: number[] = [];
    for (let i = 0; i < request.count; i += 1) {
      const word = this.#options.registers(table, request.address + i);
      if (word === undefined) return exceptionFrame(request, 2);
      words.push(word);
    }
    return readFrame(request, words);
  }
}

export function readFrame(request: Request, words: readonly number[]): Uint8Array {
  const body = [request.unitId, request.functionCode, words.length * 2];
  for (const word of words) body.push((word >> 8) & 0xff, word & 0xff);
  return withCrc(body);
}

export function exceptionFrame(request: Request, code: number): Uint8Array {
  return withCrc([request.unitId, request.functionCode | 0x80, code]);
}

export function withCrc(body: readonly number[]): Uint8Array {
  const crc = crc16(Uint8Array.from(body));
  return Uint8Array.from([...body, crc & 0xff, crc >> 8]);
}

/** CRC-16/MODBUS, bit by bit: independent of modbus-serial's table. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}
