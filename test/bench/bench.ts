/** One measured number beside what this machine could do at best, measured in the same run. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  /** Null where the number stands for itself. */
  limit: number | null;
  /** value ÷ limit. */
  ratio: number | null;
}

export interface Bench {
  name: string;
  run(): Promise<Row[]>;
}

export function row(name: string, value: number, unit: string, limit: number | null = null): Row {
  return { name, value, unit, limit, ratio: limit === null ? null : value / limit };
}

/** The value below which the share `q` of `values` lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
  if (at === undefined) throw new Error('a quantile of nothing');
  return at;
}

/** Calls of `work` a second of one thread, over at least `leastMs`. */
export function ratePerSecond(work: (i: number) => void, leastMs: number): number {
  const started = performance.now();
  let calls = 0;
  let elapsed = 0;
  while (elapsed < leastMs) {
    work(calls);
    calls += 1;
    elapsed = performance.now() - started;
  }
  return (calls / elapsed) * 1_000;
}
