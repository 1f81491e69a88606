// What else words may have been said of, that go for this thing too.
import type { Trace } from '../api/trace-answers.ts';

const RELATED_MAX = 12;
const PRODUCT = /^(https:\/\/id\.gs1\.org\/01\/\d{14})\//;

/** The thing, its product, its lots and what they were made of; containers speak for others too. */
export function relatedItems(trace: Trace): string[] {
  const found = [trace.item];
  for (let i = 0; i < found.length && found.length < RELATED_MAX; i += 1) {
    const item = found[i] ?? '';
    const origins = trace.edges
      .filter(({ kind, to }) => to === item && (kind === 'lot' || kind === 'becomes'))
      .map(({ from }) => from);
    for (const one of [PRODUCT.exec(item)?.[1] ?? item, ...origins]) {
      if (!found.includes(one)) found.push(one);
    }
  }
  return found.slice(0, RELATED_MAX);
}

/** What the thing was in, nearest first. */
export function containersOf(trace: Trace): string[] {
  const found = [trace.item];
  for (let i = 0; i < found.length && found.length < RELATED_MAX; i += 1) {
    for (const { kind, to, from } of trace.edges) {
      if (kind === 'contains' && to === found[i] && !found.includes(from)) found.push(from);
    }
  }
  return found.slice(1, RELATED_MAX);
}
