import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LedgerStore } from '../../../gateway/ledger/ledger-store.ts';
import { emptyState } from '../../../gateway/ledger/state.ts';
import type { Db } from '../../../gateway/store/database.ts';
import { SCHEMA } from '../../../gateway/store/schema.ts';
import { TraceTables } from '../../../gateway/store/trace-tables.ts';
import { EventReader } from '../../../gateway/trace/event-reader.ts';
import { GraphWalk } from '../../../gateway/trace/graph.ts';
import { sightings, staysOf } from '../../../gateway/trace/stays.ts';
import { EventLedger, type EventWish } from '../../support/event-ledger.ts';
import { becameOf, inOrder, seenIn } from '../../support/replayed-events.ts';

const HOUR_MS = 3_600_000;
const T0_MS = Date.UTC(2026, 10, 2, 8);
const thing = (name: string) => `urn:example:${name}`;
const [PALLET, CASE, BOX, TRUCK] = ['pallet', 'case', 'box', 'truck'].map(thing) as [
  string,
  string,
  string,
  string,
];

let db: Db;
let ledger: EventLedger;
beforeEach(() => {
  db = new Database(':memory:');
  db.exec(SCHEMA);
  ledger = new EventLedger(db);
});
afterEach(() => {
  db.close();
});

function contextOf(of: Db) {
  const store = new LedgerStore(of);
  const state = emptyState();
  return { store, state: () => state, nowMs: () => T0_MS, tables: new TraceTables(of) };
}

const reader = () => new EventReader(contextOf(db));

function walk(item: string, direction: 'up' | 'down' | 'both', depth = 12) {
  const context = contextOf(db);
  const graph = new GraphWalk(context, new EventReader(context));
  return graph.walk([{ item, isClass: false }], { direction, depth });
}

const at = (hour: number) => T0_MS + hour * HOUR_MS;
const pack = (hour: number, parentID: string, ...childEPCs: string[]): EventWish => ({
  type: 'Aggregation',
  ms: at(hour),
  action: 'ADD',
  parentID,
  childEPCs,
});
const unpack = (hour: number, parentID: string, ...childEPCs: string[]): EventWish => ({
  ...pack(hour, parentID, ...childEPCs),
  action: 'DELETE',
});
const see = (hour: number, place: string, ...epcList: string[]): EventWish => ({
  type: 'Object',
  ms: at(hour),
  action: 'OBSERVE',
  at: thing(place),
  epcList,
});

function placesOf(item: string): [string, string | null, number, number | null][] {
  return staysOf(reader(), item).map(({ readPoint, via, fromMs, untilMs }) => [
    readPoint ?? '',
    via,
    (fromMs - T0_MS) / HOUR_MS,
    untilMs === null ? null : (untilMs - T0_MS) / HOUR_MS,
  ]);
}

describe('stays', () => {
  test('contents follow their container from being put in to being taken out', () => {
    const events = [
      see(0, 'mill', CASE),
      see(1, 'yard', PALLET),
      pack(2, PALLET, CASE),
      see(3, 'road', PALLET),
      see(4, 'port', PALLET),
      unpack(5, PALLET, CASE),
      see(6, 'scrapyard', PALLET),
      see(7, 'shop', CASE),
    ];
    for (const event of events) ledger.capture(event);
    expect(placesOf(CASE)).toEqual([
      [thing('mill'), null, 0, 3],
      [thing('road'), PALLET, 3, 4],
      [thing('port'), PALLET, 4, 7],
      [thing('shop'), null, 7, null],
    ]);
  });

  test('through containers in containers, and DELETE without children empties one', () => {
    for (const event of [
      pack(1, CASE, BOX),
      pack(2, PALLET, CASE),
      { ...pack(3, TRUCK, PALLET), at: thing('dock') },
      see(4, 'road', TRUCK),
      { ...unpack(5, TRUCK), at: thing('hub') },
      see(6, 'garage', TRUCK),
      see(7, 'shop', PALLET),
    ]) {
      ledger.capture(event);
    }
    expect(placesOf(BOX)).toEqual([
      [thing('dock'), PALLET, 3, 4],
      [thing('road'), TRUCK, 4, 5],
      [thing('hub'), TRUCK, 5, 7],
      [thing('shop'), PALLET, 7, null],
    ]);
  });

  test('a thing packed elsewhere has left its container, whoever forgot to say so', () => {
    const other = thing('other');
    for (const event of [
      pack(1, PALLET, CASE),
      pack(2, other, CASE),
      see(3, 'a', PALLET),
      see(4, 'b', other),
    ]) {
      ledger.capture(event);
    }
    expect(placesOf(CASE)).toEqual([[thing('b'), other, 4, null]]);
  });

  test('in one millisecond the log’s order counts; a DELETE before its ADD takes nothing', () => {
    ledger.capture(unpack(1, PALLET, CASE));
    ledger.capture(pack(1, PALLET, CASE));
    ledger.capture(see(1, 'a', PALLET));
    ledger.capture(unpack(1, PALLET, CASE));
    ledger.capture(see(1, 'b', PALLET));
    expect(placesOf(CASE)).toEqual([[thing('a'), PALLET, 1, null]]);
  });

  test('an event declared wrong is none, and its declaration is none either', () => {
    const wrong = { ...pack(1, PALLET, CASE), eventID: 'urn:uuid:wrong' };
    ledger.capture(wrong);
    ledger.capture(see(2, 'a', PALLET));
    expect(placesOf(CASE)).toHaveLength(1);
    ledger.capture({
      ...wrong,
      errorDeclaration: { declarationTime: new Date(at(3)).toISOString() },
    });
    expect(placesOf(CASE)).toEqual([]);
  });

  test('are those of a floor with boxes on it', () => {
    const things = ['a', 'b', 'c', 'd', 'e'].map(thing);
    const some = fc.subarray(things, { maxLength: 3 });
    const place = fc.option(fc.constantFrom('x', 'y').map(thing), { nil: undefined });
    const action = fc.constantFrom<'ADD' | 'OBSERVE' | 'DELETE'>('ADD', 'OBSERVE', 'DELETE');
    const ms = fc.integer({ min: 0, max: 12 }).map((n) => T0_MS + n);
    const held = fc.record({
      type: fc.constantFrom<EventWish['type']>('Aggregation', 'Aggregation', 'Association'),
      ms,
      action,
      at: place,
      parentID: fc.constantFrom(...things),
      childEPCs: some,
    });
    const seen = fc.record({
      type: fc.constant('Object' as const),
      ms,
      action,
      at: place,
      epcList: some,
    });
    const made = fc.record({
      type: fc.constant('Transformation' as const),
      ms,
      at: place,
      inputEPCList: some,
      outputEPCList: some,
    });
    const history = fc.array(fc.oneof(held, held, seen, made), { maxLength: 25 });
    fc.assert(
      fc.property(history, (events: EventWish[]) => {
        const own = new Database(':memory:');
        own.exec(SCHEMA);
        const kept = new EventLedger(own);
        const leaves = events.map((event) => kept.capture(event));
        const context = contextOf(own);
        for (const item of things) {
          const reading = new EventReader(context);
          const found = sightings(reading, item).map(({ event }) => event.moment.leafIndex);
          expect(found).toEqual(seenIn(events, item).map((no) => leaves[no]));
          const graph = new GraphWalk(context, reading);
          const down = graph.walk([{ item, isClass: false }], { direction: 'down', depth: 32 });
          const nodes = down.nodes.map((node) => node.item).filter((one) => one !== item);
          expect(new Set(nodes)).toEqual(becameOf(events, item));
        }
        own.close();
      }),
      { numRuns: 300 },
    );
  });
});

describe('the graph', () => {
  test('a pallet has the contents of its time; what came later is not with what left before', () => {
    const late = thing('late');
    ledger.capture(pack(1, PALLET, CASE));
    ledger.capture(pack(2, CASE, BOX));
    ledger.capture(unpack(3, PALLET, CASE));
    ledger.capture(pack(4, CASE, late));
    const down = walk(PALLET, 'down');
    expect(down.nodes.map(({ item, depth }) => [item, depth])).toEqual([
      [PALLET, 0],
      [CASE, 1],
      [BOX, 2],
    ]);
    expect(down.edges).toMatchObject([
      { from: PALLET, to: CASE, kind: 'contains', fromMs: at(1), untilMs: at(3) },
      { from: CASE, to: BOX, kind: 'contains', fromMs: at(2), untilMs: null },
    ]);
    expect(walk(late, 'up').nodes.map(({ item }) => item)).toEqual([late, CASE]);
    expect(down.isTruncated).toBe(false);
  });

  test('what a container holds beside a thing is not where that comes from', () => {
    ledger.capture(pack(1, PALLET, CASE, BOX));
    ledger.capture({
      type: 'Transformation',
      ms: at(0),
      inputEPCList: [TRUCK],
      outputEPCList: [PALLET],
    });
    expect(walk(CASE, 'up').nodes.map(({ item }) => item)).toEqual([CASE, PALLET]);
  });

  test('inputs and outputs of one transformation over several events', () => {
    const transformationID = thing('run-1');
    const [grain, water, flour] = ['grain', 'water', 'flour'].map(thing) as [
      string,
      string,
      string,
    ];
    ledger.capture({ type: 'Transformation', ms: at(1), transformationID, inputEPCList: [grain] });
    ledger.capture({ type: 'Transformation', ms: at(2), transformationID, inputEPCList: [water] });
    ledger.capture({ type: 'Transformation', ms: at(3), transformationID, outputEPCList: [flour] });
    ledger.capture(pack(4, CASE, flour));
    const down = walk(grain, 'down');
    expect(down.edges).toMatchObject([
      { from: grain, to: flour, kind: 'becomes', fromMs: at(1), untilMs: at(3) },
    ]);
    expect(new Set(walk(flour, 'up').nodes.map(({ item }) => item))).toEqual(
      new Set([flour, CASE, grain, water]),
    );
  });

  test('a thing packed after it went in was in no container of what came out', () => {
    const [bean, coffee] = ['bean', 'coffee'].map(thing) as [string, string];
    ledger.capture({
      type: 'Transformation',
      ms: at(1),
      inputEPCList: [bean],
      outputEPCList: [coffee],
    });
    ledger.capture(pack(2, PALLET, bean));
    expect(walk(coffee, 'up').nodes.map(({ item }) => item)).toEqual([coffee, bean]);
    // And what went in before it was bad made nothing bad.
    expect(walk(PALLET, 'down').nodes.map(({ item }) => item)).toEqual([PALLET, bean]);
  });

  test('a cycle ends the walk and is a finding', () => {
    ledger.capture(pack(1, PALLET, CASE));
    ledger.capture(pack(2, CASE, BOX));
    ledger.capture(pack(3, BOX, PALLET));
    for (const direction of ['up', 'down', 'both'] as const) {
      const { findings, nodes } = walk(PALLET, direction);
      expect(nodes).toHaveLength(3);
      expect(findings).toMatchObject([{ kind: 'aggregation_cycle', subject: PALLET }]);
    }
    expect(sightings(reader(), PALLET)).toEqual([]);
  });

  test('a lot has its serials by ILMD and by their links, and becomes what it went into', () => {
    const gtin = '04012345678901';
    const lot = `https://id.gs1.org/01/${gtin}/10/L1`;
    const serial = (n: number) => `https://id.gs1.org/01/${gtin}/21/${n}`;
    ledger.capture({
      ...see(1, 'mill', serial(1)),
      action: 'ADD',
      ilmd: { 'cbvmda:lotNumber': 'L1' },
    });
    ledger.capture({
      ...see(1, 'mill', serial(2)),
      action: 'ADD',
      ilmd: { 'cbvmda:lotNumber': 'L2' },
    });
    ledger.capture(see(2, 'mill', `https://id.gs1.org/01/${gtin}/10/L1/21/3`));
    ledger.capture({
      type: 'Transformation',
      ms: at(3),
      inputQuantityList: [{ epcClass: `urn:epc:class:lgtin:4012345.067890.L1`, quantity: 5 }],
      outputEPCList: [BOX],
    });
    const context = contextOf(db);
    const graph = new GraphWalk(context, new EventReader(context));
    const down = graph.walk([{ item: lot, isClass: true }], { direction: 'down', depth: 3 });
    expect(new Set(down.nodes.map(({ item }) => item))).toEqual(new Set([lot, serial(1), BOX]));
    expect(walk(serial(1), 'up').edges).toMatchObject([{ from: lot, to: serial(1), kind: 'lot' }]);
    expect(walk(serial(3), 'up').edges).toMatchObject([{ from: lot, to: serial(3), kind: 'lot' }]);
    expect(walk(BOX, 'up').edges).toMatchObject([{ from: lot, to: BOX, kind: 'becomes' }]);
  });

  test('things of one business transaction, around the one asked for', () => {
    const order = thing('po-1');
    const bizTransactionList = [{ type: 'po', bizTransaction: order }];
    ledger.capture({
      type: 'Transaction',
      ms: at(1),
      action: 'ADD',
      epcList: [BOX],
      bizTransactionList,
    });
    ledger.capture({ ...see(2, 'dock', CASE), bizTransactionList });
    expect(walk(CASE, 'down').nodes).toHaveLength(1);
    expect(new Set(walk(CASE, 'both').nodes.map(({ item }) => item))).toEqual(
      new Set([CASE, order, BOX]),
    );
  });

  test('bounds: depth, and more nodes than there is room for', () => {
    const chain = Array.from({ length: 10 }, (_, i) => thing(`chain-${i}`));
    for (let i = 1; i < chain.length; i += 1) ledger.capture(pack(i, chain[i - 1]!, chain[i]!));
    const short = walk(chain[0]!, 'down', 3);
    expect(short.nodes).toHaveLength(4);
    expect(short.isTruncated).toBe(true);
    expect(walk(chain[0]!, 'down', 9).isTruncated).toBe(false);
    const wide = Array.from({ length: 6_000 }, (_, i) => thing(`wide-${i}`));
    ledger.capture(pack(1, TRUCK, ...wide));
    const cut = walk(TRUCK, 'down');
    expect(cut.nodes).toHaveLength(5_000);
    expect(cut.isTruncated).toBe(true);
  });
});

test('the reference goes by time and then by capture', () => {
  const events = [see(2, 'a', BOX), see(1, 'b', BOX), see(1, 'c', BOX)];
  expect(inOrder(events).map(({ no }) => no)).toEqual([1, 2, 0]);
});
