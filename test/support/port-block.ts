import { arePortsFree } from '../../sim/alliance/free-ports.ts';

/** Below what systems give to outgoing connections, so that a listener's port stays its own. */
const PORTS = { from: 12_000, to: 32_000 };

/** The first of `count` ports in a row on which nobody listens. */
export async function freeBlock(count: number): Promise<number> {
  for (;;) {
    const first = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from - count));
    if (await arePortsFree(first, count)) return first;
  }
}
