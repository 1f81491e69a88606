import { beforeEach, describe, expect, test } from 'vitest';
import { ChainClock } from '../../../../gateway/ledger/cometbft/chain-clock.ts';

const T0_MS = Date.UTC(2026, 10, 2, 8);
const HOUR_MS = 3_600_000;

let wallMs: number;
let upMs: number;
let clock: ChainClock;
beforeEach(() => {
  wallMs = T0_MS;
  upMs = 0;
  clock = new ChainClock({ nowMs: () => wallMs, monotonicMs: () => upMs });
});

function pass(ms: number): void {
  wallMs += ms;
  upMs += ms;
}

describe('the present', () => {
  test('is the wall clock’s before the first block, then the chain’s', () => {
    expect(clock.presentMs()).toBe(T0_MS);
    clock.onBlock(T0_MS - HOUR_MS);
    pass(1_500);
    expect(clock.presentMs()).toBe(T0_MS - HOUR_MS + 1_500);
  });

  test('only ever goes forward, whatever is done to the wall clock', () => {
    clock.onBlock(T0_MS);
    pass(5_000);
    clock.onBlock(T0_MS + 1_000);
    expect(clock.presentMs()).toBe(T0_MS + 5_000);
    wallMs -= HOUR_MS;
    expect(clock.presentMs()).toBe(T0_MS + 5_000);
  });
});

describe('the offset', () => {
  test('of an idle chain’s first block is not taken for a wrong clock', () => {
    expect(clock.offsetMs()).toBeNull();
    clock.onBlock(T0_MS - HOUR_MS);
    expect(clock.offsetMs()).toBeNull();
    pass(1_000);
    clock.onBlock(T0_MS);
    expect(clock.offsetMs()).toBe(1_000);
  });

  test('is positive where the own clock is ahead', () => {
    for (const hours of [1, -1]) {
      clock = new ChainClock({ nowMs: () => wallMs + hours * HOUR_MS, monotonicMs: () => upMs });
      clock.onBlock(T0_MS);
      clock.onBlock(T0_MS);
      expect(clock.offsetMs()).toBe(hours * HOUR_MS);
    }
  });
});
