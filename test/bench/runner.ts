import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Bench, Row } from './bench.ts';

/** The names asked for are none of ours; the message lists those that are. */
export class UnknownBench extends Error {}

/** Every bench whose name begins with one of `names`; all of them where none is named. */
export function selectBenches(benches: readonly Bench[], names: readonly string[]): Bench[] {
  if (names.length === 0) return [...benches];
  const unknown = names.find((name) => !benches.some((bench) => bench.name.startsWith(name)));
  if (unknown !== undefined) {
    const known = benches.map((bench) => bench.name).join(', ');
    throw new UnknownBench(`No bench is called "${unknown}". There are: ${known}.`);
  }
  return benches.filter((bench) => names.some((name) => bench.name.startsWith(name)));
}

/**
 * Runs one after the other: they share the cores. A failed bench doesn't cost the numbers of the
 * others; its name is among the returned.
 */
export async function runBenches(
  benches: readonly Bench[],
  { file, out }: { file: string; out: (line: string) => void },
): Promise<string[]> {
  const failed: string[] = [];
  const rows: Row[] = [];
  for (const bench of benches) {
    out(`${bench.name} …`);
    try {
      const measured = await bench.run();
      rows.push(...measured);
      writeResults(file, mergeRows(readResults(file), measured));
    } catch (error) {
      failed.push(bench.name);
      out(`${bench.name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  if (rows.length > 0) for (const line of table(rows)) out(line);
  return failed;
}

/** New rows take the place of those of their name; the order is that of first appearance. */
function mergeRows(old: readonly Row[], fresh: readonly Row[]): Row[] {
  const byName = new Map(old.map((row) => [row.name, row]));
  for (const row of fresh) byName.set(row.name, row);
  return [...byName.values()];
}

function readResults(file: string): Row[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Row[]) : [];
}

function writeResults(file: string, rows: readonly Row[]): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(rows, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function table(rows: readonly Row[]): string[] {
  const head = ['name', 'value', 'unit', 'limit', 'ratio'];
  const cells = rows.map((row) => [
    row.name,
    shown(row.value),
    row.unit,
    shown(row.limit),
    row.ratio === null ? '–' : row.ratio.toFixed(2),
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...cells.map((line) => line[i]!.length)),
  );
  const isText = (column: number) => column === 0 || column === 2;
  return [head, ...cells].map((line) =>
    line
      .map((text, i) => (isText(i) ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function shown(value: number | null): string {
  if (value === null) return '–';
  return Math.abs(value) >= 1_000
    ? Math.round(value).toString()
    : Number(value.toPrecision(4)).toString();
}
