/**
 * One RS-485 line, many slaves, one conversation at a time, with the rules that keep a late reply
 * from becoming a signed value (device.md §0.1):
 *
 * 1. after a timeout the line must be idle for the slave's worst response time;
 * 2. before every request the line must be idle for a few characters, strays are discarded;
 * 3. whoever was disturbed is `inDoubt` until its sensor has re-read a known constant register.
 *
 * @module modbus-bus
 */
import modbusSerial from 'modbus-serial';
import { type Clock, SystemClock } from '../clock.ts';
import { fail, ok, type Result } from '../formats/result.ts';
import { RtuPort } from './rtu-port.ts';
import { SerialLine, type SerialLineOptions } from './serial-port.ts';

export type ModbusFault =
  | 'timeout'
  | 'exception'
  /** Bytes came, but no valid reply to this request. */
  | 'garbled'
  /** The line never went quiet. */
  | 'line_busy'
  | 'disconnected';

export interface RegisterRead {
  readonly unitId: number;
  readonly table: 'input' | 'holding';
  readonly address: number;
  readonly count: number;
}

/** Register contents as sent, two bytes each, big-endian. */
export type RegisterBytes = Uint8Array;

export interface ModbusBusOptions extends SerialLineOptions {
  readonly responseTimeoutMs?: number;
  /** The longest any slave on this line was ever seen to take. Idle this long after a timeout. */
  readonly worstResponseMs?: number;
  /** Idle time before a request: 3.5 characters, and what a USB adapter's latency timer adds. */
  readonly interFrameMs?: number;
  readonly drainMsMax?: number;
  /** Exchanges in a row without one byte received before the port is reopened. */
  readonly silentExchangesMax?: number;
}

type Client = InstanceType<typeof modbusSerial.default>;

export interface Conversation {
  read(request: RegisterRead): Promise<Result<RegisterBytes, ModbusFault>>;
}

export class ModbusBus {
  readonly line: SerialLine;
  readonly stats = { exchanges: 0, timeouts: 0, garbled: 0, exceptions: 0, strayEvents: 0 };
  readonly #clock: Clock;
  readonly #port: RtuPort;
  readonly #client: Client;
  readonly #responseTimeoutMs: number;
  readonly #worstResponseMs: number;
  readonly #interFrameMs: number;
  readonly #drainMsMax: number;
  readonly #silentExchangesMax: number;
  readonly #doubt = new Map<number, number>();
  #everyoneDoubted = 0;
  #disturbedAt: number | null = null;
  #strayBytesSeen = 0;
  #silentExchanges = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: ModbusBusOptions) {
    this.#clock = options.clock ?? new SystemClock();
    this.#responseTimeoutMs = options.responseTimeoutMs ?? 500;
    this.#worstResponseMs = options.worstResponseMs ?? 1_000;
    this.#interFrameMs = options.interFrameMs ?? 20;
    this.#drainMsMax = options.drainMsMax ?? this.#worstResponseMs * 4 + 1_000;
    this.#silentExchangesMax = options.silentExchangesMax ?? 5;
    this.line = new SerialLine({
      ...options,
      onState: (state) => {
        if (state.kind === 'open') this.#rejoin();
        options.onState?.(state);
      },
    });
    this.#port = new RtuPort(this.line, () => this.#clock.monotonicMs());
    this.#client = new modbusSerial.default(this.#port);
    this.#client.setTimeout(this.#responseTimeoutMs);
    this.#client.on('error', () => {});
    this.#client.open();
  }

  /**
   * A number that changes with every disturbance that touched this slave. A sensor that last
   * verified the slave under another number must verify it again before its next value counts.
   */
  doubtOf(unitId: number): number {
    return (this.#doubt.get(unitId) ?? 0) + this.#everyoneDoubted;
  }

  /** Runs one sensor's whole conversation without another sensor's requests in between. */
  async converse<T>(signal: AbortSignal, talk: (line: Conversation) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => {
      signal.throwIfAborted();
      return talk({ read: (request) => this.#read(request, signal) });
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await this.line.close();
    await this.#tail;
    this.#port.close();
  }

  async #read(
    request: RegisterRead,
    signal: AbortSignal,
  ): Promise<Result<RegisterBytes, ModbusFault>> {
    if (!this.line.isOpen) return fail('disconnected', `${this.line.path} is down`);
    if (!(await this.#becomeIdle(signal))) {
      this.line.reopen('line never idle');
      return fail('line_busy', `no ${this.#interFrameMs} ms of silence`);
    }
    signal.throwIfAborted();
    this.stats.exchanges += 1;
    const bytesBefore = this.line.stats.bytesIn;
    const result = await this.#exchange(request);
    this.#watchSilence(bytesBefore);
    return result;
  }

  async #exchange(request: RegisterRead): Promise<Result<RegisterBytes, ModbusFault>> {
    const { unitId, table, address, count } = request;
    this.#client.setID(unitId);
    try {
      const reply =
        table === 'input'
          ? await this.#client.readInputRegisters(address, count)
          : await this.#client.readHoldingRegisters(address, count);
      // modbus-serial checks the frame's length but not the byte count inside it.
      if (reply.buffer.length === count * 2) return ok(Uint8Array.from(reply.buffer));
      this.#disturb(unitId, 'garbled');
      return fail('garbled', `${reply.buffer.length} bytes for ${count} registers`);
    } catch (error) {
      const { message, errno, modbusCode } = error as ModbusError;
      if (modbusCode !== undefined) {
        this.stats.exceptions += 1;
        return fail('exception', `exception ${modbusCode}`);
      }
      const code = errno === 'ETIMEDOUT' && !this.#port.disarm() ? 'timeout' : 'garbled';
      this.#disturb(unitId, code);
      return fail(code, code === 'timeout' ? `no reply in ${this.#responseTimeoutMs} ms` : message);
    }
  }

  /** Someone (perhaps we, before a restart) may have asked just before this port was opened. */
  #rejoin(): void {
    this.#disturbedAt = this.#clock.monotonicMs();
    if (this.line.stats.opens > 1) this.#everyoneDoubted += 1;
  }

  #disturb(unitId: number, kind: 'timeout' | 'garbled'): void {
    this.#port.disarm();
    this.#disturbedAt = this.#clock.monotonicMs();
    this.#doubt.set(unitId, (this.#doubt.get(unitId) ?? 0) + 1);
    if (kind === 'timeout') this.stats.timeouts += 1;
    else this.stats.garbled += 1;
  }

  /** Discards until idle. The wait after a disturbance is paid by the next request, lazily. */
  async #becomeIdle(signal: AbortSignal): Promise<boolean> {
    const startedAt = this.#clock.monotonicMs();
    for (;;) {
      this.#noticeStrays();
      const idleMs = this.#disturbedAt === null ? this.#interFrameMs : this.#worstResponseMs;
      const sinceMs = Math.max(this.#port.lastByteAt, this.#disturbedAt ?? -Infinity);
      const nowMs = this.#clock.monotonicMs();
      const leftMs = sinceMs + idleMs - nowMs;
      if (leftMs <= 0) {
        this.#disturbedAt = null;
        return true;
      }
      if (nowMs - startedAt > this.#drainMsMax) return false;
      await this.#clock.sleep(leftMs, signal);
    }
  }

  /**
   * A stray after a known timeout is the late reply we wait for. One out of the blue means that
   * some earlier exchange was not what it seemed, and nobody can say whose.
   */
  #noticeStrays(): void {
    const { strayBytes } = this.#port.stats;
    if (strayBytes === this.#strayBytesSeen) return;
    this.#strayBytesSeen = strayBytes;
    this.stats.strayEvents += 1;
    if (this.#disturbedAt !== null) return;
    this.#disturbedAt = this.#clock.monotonicMs();
    this.#everyoneDoubted += 1;
  }

  /** Watchdog on bytes: a hung adapter accepts writes and reports nothing (serialport#2685). */
  #watchSilence(bytesBefore: number): void {
    this.#silentExchanges = this.line.stats.bytesIn === bytesBefore ? this.#silentExchanges + 1 : 0;
    if (this.#silentExchanges < this.#silentExchangesMax) return;
    this.#silentExchanges = 0;
    this.line.stats.watchdogTrips += 1;
    this.line.reopen(`${this.#silentExchangesMax} requests without one byte`);
  }
}

interface ModbusError {
  readonly message: string;
  readonly errno?: string;
  readonly modbusCode?: number;
}
