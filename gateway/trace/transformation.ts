import type { EventReader } from './event-reader.ts';
import { compareMoments, type Moment } from './moment.ts';
import type { TraceEvent } from './trace-event.ts';

/** One thing that went into making another. */
export interface Becoming {
  readonly input: string;
  readonly output: string;
  readonly isInputClass: boolean;
  readonly isOutputClass: boolean;
  /** When it went in, and when the other came out; in one event these are one. */
  readonly used: TraceEvent;
  readonly made: TraceEvent;
}

/** What things were made of this one, from a moment on. */
export function outputsOf(reader: EventReader, input: string, since: Moment): Becoming[] {
  return pairs(reader, input, 'inputs').filter(({ used }) => {
    return compareMoments(used.moment, since) >= 0;
  });
}

/** What this thing was made of. */
export function inputsOf(reader: EventReader, output: string): Becoming[] {
  return pairs(reader, output, 'outputs');
}

/** Events with one transformationID are one transformation: all of what went in became all (§7.4.6). */
function pairs(reader: EventReader, item: string, side: 'inputs' | 'outputs'): Becoming[] {
  const other = side === 'inputs' ? 'outputs' : 'inputs';
  return reader
    .ofItem(item)
    .filter((event) => event.type === 'TransformationEvent')
    .flatMap((own) => {
      const thing = own[side].find((one) => one.item === item);
      if (!thing) return [];
      const id = own.transformationId;
      const all = id === null ? [own] : reader.ofTransformation(id);
      return all.flatMap((event) =>
        event[other]
          .filter((one) => one.item !== item)
          .map((one): Becoming => {
            const [input, output] = side === 'inputs' ? [thing, one] : [one, thing];
            const [used, made] = side === 'inputs' ? [own, event] : [event, own];
            return {
              input: input.item,
              output: output.item,
              isInputClass: input.isClass,
              isOutputClass: output.isClass,
              used,
              made,
            };
          }),
      );
    });
}
