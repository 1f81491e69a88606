import type { TimedRead } from './ledger-source.ts';
import type { Timing } from './view.ts';

const ROUNDS = 20;

/** One request after the other: an answering time, not a load. The first of each is not counted. */
export async function measure(reads: readonly TimedRead[], rounds = ROUNDS): Promise<Timing[]> {
  const timings: Timing[] = [];
  for (const { name, read } of reads) {
    await read();
    const times: number[] = [];
    let failed = 0;
    for (let round = 0; round < rounds; round += 1) {
      const startMs = performance.now();
      const answer = await read();
      if (answer.seen) times.push(performance.now() - startMs);
      else failed += 1;
    }
    const count = times.length;
    timings.push({
      name,
      count,
      failed,
      p50Ms: quantile(times, 0.5),
      p95Ms: quantile(times, 0.95),
    });
  }
  return timings;
}

/** Nearest rank; 0 of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
