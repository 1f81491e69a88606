/**
 * A Modbus slave as a sensor. A sample is a bracket: [constant register if in doubt] → value
 * blocks → constant register. A slave answers in order, so when the closing constant is right every
 * earlier reply answered its own request; off by one, it is some value block's reply, with another
 * function code or length. No assumption about response times is needed for that.
 *
 * @module modbus
 */
import type { Conversation, ModbusBus, ModbusFault } from '../bus/modbus-bus.ts';
import { type Clock, SystemClock } from '../clock.ts';
import { toHex } from '../formats/bytes.ts';
import { fail, ok, type Result } from '../formats/result.ts';
import { Plausibility } from './plausibility.ts';
import {
  decodeRegister,
  planBlocks,
  type RegisterBlock,
  type RegisterMap,
  type RegisterQuantity,
  registerCount,
} from './register-map.ts';
import type { FaultCode, Measurement, Sample, Sensor } from './sensor.ts';

export interface ModbusSensorOptions {
  readonly name: string;
  readonly bus: ModbusBus;
  readonly unitId: number;
  readonly map: RegisterMap;
  readonly clock?: Clock;
  /** A sensor that has its bus to itself may close it. */
  readonly closesBus?: boolean;
}

type Replies = { readonly block: RegisterBlock; readonly reply: Result<Uint8Array, ModbusFault> }[];

export class ModbusSensor implements Sensor {
  readonly name: string;
  readonly #options: ModbusSensorOptions;
  readonly #clock: Clock;
  readonly #blocks: readonly RegisterBlock[];
  readonly #plausibility: ReadonlyMap<RegisterQuantity, Plausibility>;
  /** The bus's doubt number under which the slave was last proved in step. */
  #verifiedUnder: number;

  constructor(options: ModbusSensorOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#blocks = planBlocks(options.map);
    this.#plausibility = new Map(options.map.quantities.map((q) => [q, new Plausibility(q)]));
    this.#verifiedUnder = options.bus.doubtOf(options.unitId);
    refuseAmbiguousIdentity(options.map, this.#blocks);
  }

  sample(signal: AbortSignal): Promise<Sample> {
    return this.#options.bus.converse(signal, async (line) => ({
      measurements: await this.#bracket(line),
    }));
  }

  async close(): Promise<void> {
    if (this.#options.closesBus === true) await this.#options.bus.close();
  }

  async #bracket(line: Conversation): Promise<Measurement[]> {
    const { bus, unitId } = this.#options;
    const inDoubt = this.#verifiedUnder !== bus.doubtOf(unitId);
    if (inDoubt) {
      const before = await this.#verify(line);
      if (!before.ok) return this.#allFaulty(before.code, before.detail);
    }
    const doubtBefore = bus.doubtOf(unitId);
    const replies: Replies = [];
    for (const block of this.#blocks) {
      const { address, count } = block;
      const reply = await line.read({ unitId, table: this.#options.map.table, address, count });
      replies.push({ block, reply });
      // After a timeout nothing more is asked in this sample: the line has to rest first.
      if (!reply.ok && reply.code !== 'exception') {
        return this.#allFaulty(reply.code, reply.detail);
      }
    }
    const after = await this.#verify(line);
    if (!after.ok) return this.#allFaulty(after.code, after.detail);
    if (bus.doubtOf(unitId) !== doubtBefore) {
      return this.#allFaulty('unaligned', 'stray bytes during the sample');
    }
    this.#verifiedUnder = doubtBefore;
    const monotonicMs = this.#clock.monotonicMs();
    return replies.flatMap(({ block, reply }) => this.#decode(block, reply, inDoubt, monotonicMs));
  }

  async #verify(line: Conversation): Promise<Result<null, FaultCode>> {
    const { map, unitId } = this.#options;
    if (map.identity === null) return ok(null);
    const { table, address, type, expect } = map.identity;
    const reply = await line.read({ unitId, table, address, count: registerCount(type) });
    if (!reply.ok) {
      const code = reply.code === 'garbled' ? 'unaligned' : reply.code;
      return fail(code, `constant register: ${reply.detail}`);
    }
    const want = expect === 'unit-id' ? unitId : expect;
    const have = decodeRegister(type, reply.value);
    if (have === want) return ok(null);
    return fail('wrong_device', `constant register holds ${have}, expected ${want}`);
  }

  #decode(
    block: RegisterBlock,
    reply: Result<Uint8Array, ModbusFault>,
    inDoubt: boolean,
    monotonicMs: number,
  ): Measurement[] {
    return block.quantities.map((quantity) => {
      const { name, unit, type, multiplier = 1, divisor = 1 } = quantity;
      if (!reply.ok) return { name, fault: reply.code, detail: reply.detail };
      const start = (quantity.address - block.address) * 2;
      const bytes = reply.value.subarray(start, start + registerCount(type) * 2);
      const value = (decodeRegister(type, bytes) * multiplier) / divisor;
      const suspect = inDoubt ? { suspect: 'after_timeout' as const } : {};
      const raw = { name, unit, value, monotonicMs, rawHex: toHex(bytes), ...suspect };
      const plausibility = this.#plausibility.get(quantity) ?? new Plausibility(quantity);
      return plausibility.judge(raw);
    });
  }

  #allFaulty(fault: FaultCode, detail: string): Measurement[] {
    return this.#options.map.quantities.map(({ name }) => ({ name, fault, detail }));
  }
}

/** The proof above needs the constant's reply to look unlike every value block's. */
function refuseAmbiguousIdentity(map: RegisterMap, blocks: readonly RegisterBlock[]): void {
  if (map.identity === null || map.identity.table !== map.table) return;
  const count = registerCount(map.identity.type);
  if (blocks.every((block) => block.count !== count)) return;
  throw new TypeError(`${map.model}: the identity register's reply has the shape of a value's`);
}

/**
 * Clones of a model move its registers. Returns the first map under which the slave answers
 * without exception and every value is in range; a person confirms it in the configuration.
 */
export async function probeRegisterMap(
  options: {
    readonly bus: ModbusBus;
    readonly unitId: number;
    readonly maps: readonly RegisterMap[];
  },
  signal: AbortSignal,
): Promise<RegisterMap | null> {
  for (const map of options.maps) {
    const sensor = new ModbusSensor({ ...options, name: map.model, map });
    const { measurements } = await sensor.sample(signal);
    if (measurements.every((measurement) => 'value' in measurement)) return map;
  }
  return null;
}
