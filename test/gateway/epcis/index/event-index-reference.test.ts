import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../device-sdk/sensors/generator.ts';
import type { JsonObject } from '../../../../gateway/epcis/json.ts';
import { filledRig, foundLeaves as found, type Kept } from '../../../support/event-index-rig.ts';
import {
  generatedQuery,
  PARAMETER_KINDS,
  PREFIXES,
  queryOfKind,
} from '../../../support/generated-events.ts';
import { matches } from '../../../support/reference-event-query.ts';

function expected(events: readonly Kept[], parameters: JsonObject): number[] {
  return events.flatMap(({ read, recordMs }, leafIndex) => {
    const { event, context } = read;
    const prefixes = context as Record<string, string>;
    return matches({ event, prefixes, recordMs }, parameters, PREFIXES) ? [leafIndex] : [];
  });
}

/** By (time, leaf), descending but where the query says otherwise; without orderBy anyhow. */
function isOrdered(events: readonly Kept[], leaves: readonly number[], asked: JsonObject): boolean {
  if (asked['orderBy'] === undefined) return true;
  const time = (leaf: number): number => {
    const { read, recordMs } = events[leaf]!;
    return asked['orderBy'] === 'recordTime'
      ? recordMs
      : Date.parse(String(read.event['eventTime']));
  };
  const ascending = asked['orderDirection'] === 'ASC' ? leaves : leaves.toReversed();
  return ascending.every((leaf, at) => {
    const before = ascending[at - 1];
    return (
      before === undefined ||
      time(before) - time(leaf) < 0 ||
      (time(before) === time(leaf) && before < leaf)
    );
  });
}

const byNumber = (a: number, b: number) => a - b;

describe('queries against the reference', () => {
  const { index, events } = filledRig(400, seededRandom(1));

  test.each(Array.from({ length: PARAMETER_KINDS }, (_, kind) => kind))('parameter %i', (kind) => {
    const random = seededRandom(kind + 1);
    let hits = 0;
    for (let round = 0; round < 15; round += 1) {
      const parameters = queryOfKind(random, kind);
      const leaves = found(index, parameters);
      expect(leaves.toSorted(byNumber), JSON.stringify(parameters)).toEqual(
        expected(events, parameters),
      );
      hits += leaves.length;
    }
    expect(hits).toBeGreaterThan(0);
  });

  test('several parameters at once, in every order', () => {
    const random = seededRandom(77);
    let hits = 0;
    for (let round = 0; round < 400; round += 1) {
      const parameters = generatedQuery(random);
      const order = [
        {},
        { orderBy: 'eventTime' },
        { orderBy: 'recordTime', orderDirection: 'ASC' },
      ];
      const asked = { ...parameters, ...order[round % 3] };
      const leaves = found(index, asked);
      expect(leaves.toSorted(byNumber), JSON.stringify(parameters)).toEqual(
        expected(events, parameters),
      );
      expect(isOrdered(events, leaves, asked)).toBe(true);
      hits += leaves.length;
    }
    expect(hits).toBeGreaterThan(500);
  });

  test('conditions that most events fulfil', () => {
    const many = filledRig(3_000, seededRandom(2));
    const orders = [{}, { orderBy: 'eventTime' }, { orderBy: 'recordTime', orderDirection: 'ASC' }];
    const dense: JsonObject[] = [
      {},
      { eventType: ['ObjectEvent', 'AggregationEvent'] },
      { EXISTS_sensorElement: null, 'EXISTS_ext:a': null },
      { EXISTS_sensorElement: null, EQ_bizStep: ['shipping'] },
      { LT_recordTime: '2024-03-01T20:00:00Z', MATCH_anyEPC: ['urn:epc:idpat:sgtin:*.*.*'] },
      { GE_value_CEL: -4.5, GE_eventTime: '2024-03-01T02:00:00Z' },
    ];
    for (const parameters of dense) {
      const leaves = expected(many.events, parameters);
      expect(leaves.length).toBeGreaterThan(300);
      for (const order of orders) {
        const asked = { ...parameters, ...order };
        const all = found(many.index, asked, { limit: 250 });
        expect(all.toSorted(byNumber), JSON.stringify(asked)).toEqual(leaves);
        expect(isOrdered(many.events, all, asked)).toBe(true);
      }
    }
  });
});
