/**
 * Register maps as data: a new meter is a new constant, not new code.
 *
 * @module register-map
 */

export type RegisterType = 'int16' | 'uint16' | 'uint32' | 'float32';

export interface RegisterQuantity {
  readonly name: string;
  /** SenML unit after scaling (S1); kWh becomes J, because Wh is a secondary unit (RFC 8798). */
  readonly unit: string;
  /** Zero-based protocol address, not the 3xxxx number of the manual. */
  readonly address: number;
  readonly type: RegisterType;
  readonly multiplier?: number;
  /** Division keeps 205/10 = 20.5 exact where ×0.1 may not. */
  readonly divisor?: number;
  readonly min: number;
  readonly max: number;
  readonly poison?: readonly number[];
  readonly ratePerSecondMax?: number;
  readonly stuckSamplesMin?: number;
}

/** A register whose content is known, re-read to prove that replies match requests. */
export interface IdentityRegister {
  readonly table: 'input' | 'holding';
  readonly address: number;
  readonly type: RegisterType;
  /** What it must hold; `unit-id` = the slave's own bus address. */
  readonly expect: number | 'unit-id';
}

export interface RegisterMap {
  readonly model: string;
  readonly source: string;
  readonly table: 'input' | 'holding';
  readonly quantities: readonly RegisterQuantity[];
  readonly identity: IdentityRegister | null;
  readonly registersPerReadMax: number;
}

const AIR = [
  { name: 'temperature', unit: 'Cel', type: 'int16', divisor: 10, min: -40, max: 80 },
  { name: 'humidity', unit: '%RH', type: 'uint16', divisor: 10, min: 0, max: 100 },
] as const;

const ADDRESS_REGISTER: IdentityRegister = {
  table: 'holding',
  address: 0x0101,
  type: 'uint16',
  expect: 'unit-id',
};

/** Temperature is signed: 0xFF33 is −20.5 °C, not 6,533.1 (emelianov's library reads it so). */
export const XY_MD02: RegisterMap = {
  model: 'XY-MD02 (SHT20)',
  source: 'vendor sheet; domoticx, accautomation',
  table: 'input',
  quantities: [
    { ...AIR[0], address: 0x0001 },
    { ...AIR[1], address: 0x0002 },
  ],
  identity: ADDRESS_REGISTER,
  registersPerReadMax: 2,
};

/** Sold under the same name; find out with `probeRegisterMap`. */
export const XY_MD02_CLONE: RegisterMap = {
  ...XY_MD02,
  model: 'XY-MD02 clone',
  source: 'intelmanuf',
  quantities: [
    { ...AIR[0], address: 0x0000 },
    { ...AIR[1], address: 0x0001 },
  ],
};

const JOULES_PER_KWH = 3_600_000;

function perPhase(
  what: {
    readonly name: string;
    readonly unit: string;
    readonly min: number;
    readonly max: number;
  },
  first: number,
): RegisterQuantity[] {
  return [1, 2, 3].map((phase, index) => ({
    ...what,
    name: `${what.name}-l${phase}`,
    address: first + index * 2,
    type: 'float32' as const,
  }));
}

function energy(name: string, address: number): RegisterQuantity {
  const max = 1e7 * JOULES_PER_KWH;
  return { name, unit: 'J', address, type: 'float32', multiplier: JOULES_PER_KWH, min: 0, max };
}

/** Input registers, float32 big-endian in two registers each. */
export const SDM630: RegisterMap = {
  model: 'Eastron SDM630',
  source: 'gonium/gosdm630 @2f24f7c4, from the Eastron register sheet',
  table: 'input',
  quantities: [
    ...perPhase({ name: 'voltage', unit: 'V', min: 0, max: 400 }, 0x0000),
    ...perPhase({ name: 'current', unit: 'A', min: 0, max: 120 }, 0x0006),
    ...perPhase({ name: 'power', unit: 'W', min: -50_000, max: 50_000 }, 0x000c),
    ...perPhase({ name: 'power-factor', unit: '/', min: -1, max: 1 }, 0x001e),
    { name: 'frequency', unit: 'Hz', address: 0x0046, type: 'float32', min: 40, max: 70 },
    energy('import', 0x0048),
    energy('export', 0x004a),
    energy('import-l1', 0x015a),
    energy('import-l2', 0x015c),
    energy('import-l3', 0x015e),
    energy('export-l1', 0x0160),
    energy('export-l2', 0x0162),
    energy('export-l3', 0x0164),
  ],
  // Holding register "network node" (vendor sheet; not tried on hardware here).
  identity: { table: 'holding', address: 0x0014, type: 'float32', expect: 'unit-id' },
  registersPerReadMax: 80,
};

export const REGISTER_MAPS: ReadonlyMap<string, RegisterMap> = new Map([
  ['xy-md02', XY_MD02],
  ['xy-md02-clone', XY_MD02_CLONE],
  ['sdm630', SDM630],
]);

export function registerCount(type: RegisterType): 1 | 2 {
  return type === 'int16' || type === 'uint16' ? 1 : 2;
}

export function decodeRegister(type: RegisterType, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'int16':
      return view.getInt16(0);
    case 'uint16':
      return view.getUint16(0);
    case 'uint32':
      return view.getUint32(0);
    case 'float32':
      return view.getFloat32(0);
  }
}

export interface RegisterBlock {
  readonly address: number;
  readonly count: number;
  readonly quantities: readonly RegisterQuantity[];
}

/** Joins neighbours into one request, so that they are one moment and one CRC. */
export function planBlocks(map: RegisterMap, gapRegistersMax = 8): RegisterBlock[] {
  const sorted = [...map.quantities].sort((a, b) => a.address - b.address);
  const blocks: { address: number; count: number; quantities: RegisterQuantity[] }[] = [];
  for (const quantity of sorted) {
    const end = quantity.address + registerCount(quantity.type);
    const last = blocks.at(-1);
    const joins =
      last !== undefined &&
      quantity.address <= last.address + last.count + gapRegistersMax &&
      end - last.address <= map.registersPerReadMax;
    if (joins) {
      last.count = Math.max(last.count, end - last.address);
      last.quantities.push(quantity);
    } else {
      const count = end - quantity.address;
      blocks.push({ address: quantity.address, count, quantities: [quantity] });
    }
  }
  return blocks;
}
