import type { ReadPoint } from './read-point.ts';
import type { Truck } from './truck.ts';
import type { World } from './world.ts';

/** GS1 Digital Link of a logistic unit (SSCC, AI 00) under a resolver of the sender's. */
export function ssccLink(serial: number): string {
  const digits = `3952132${String(serial).padStart(10, '0')}`;
  return `https://id.example.org/00/${digits}${checkDigit(digits)}`;
}

/** GS1 General Specifications §7.9: weights 3 and 1 from the right. */
export function checkDigit(digits: string): number {
  let sum = 0;
  for (const [at, digit] of [...digits].reverse().entries()) {
    sum += Number(digit) * (at % 2 === 0 ? 3 : 1);
  }
  return (10 - (sum % 10)) % 10;
}

/** Pallets that leave through one gate, ride one truck and arrive at another gate. */
export class Shipment {
  readonly pallets: readonly string[];

  constructor(world: World, name: string, count: number) {
    const first = world.part(`shipment ${name}`).integer(1, 900_000_000);
    this.pallets = Array.from({ length: count }, (_, index) => ssccLink(first + index));
  }

  loads(gate: ReadPoint, fromMs: number): void {
    for (const [index, pallet] of this.pallets.entries()) {
      gate.passes(pallet, fromMs + index * 45_000);
    }
  }

  arrives(gate: ReadPoint, truck: Truck): void {
    this.loads(gate, truck.arrivesMs);
  }
}
