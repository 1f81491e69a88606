import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../device-sdk/sensors/generator.ts';
import { CONDITION_SQL } from '../../../../gateway/epcis/index/event-conditions.ts';
import { DISCOVERY_SQL } from '../../../../gateway/epcis/index/event-discovery.ts';
import { EventIndex } from '../../../../gateway/epcis/index/event-index.ts';
import { SOURCE_SQL } from '../../../../gateway/epcis/index/event-source.ts';
import { FIELD_ORDER_SQL } from '../../../../gateway/epcis/index/field-order.ts';
import type { JsonObject } from '../../../../gateway/epcis/json.ts';
import { openDatabase } from '../../../../gateway/store/database.ts';
import {
  addEvent,
  emptyRig,
  filledRig,
  foundLeaves,
  queryOf,
  smallEvent,
} from '../../../support/event-index-rig.ts';
import { generatedEvent, PREFIXES } from '../../../support/generated-events.ts';

const report = (value: number, uom: string) => ({
  sensorElementList: [{ sensorReport: [{ type: 'Temperature', value, uom }] }],
});

/** Leaves that a query finds among events of these fields. */
function among(said: readonly JsonObject[], parameters: JsonObject): number[] {
  const rig = emptyRig();
  for (const [no, fields] of said.entries()) addEvent(rig, smallEvent(no, fields));
  return foundLeaves(rig.index, parameters).toSorted((a, b) => a - b);
}

describe('units', () => {
  const said = [report(26, 'CEL'), report(299.15, 'KEL'), report(78.8, 'FAH'), report(26, 'P1')];

  test('a query in kelvin finds what was captured in degrees (TCR-53 step 26)', () => {
    expect(among(said, { EQ_type: ['Temperature'], GE_value_KEL: 290 })).toEqual([0, 1, 2]);
    expect(among(said, { EQ_value_KEL: [299.15] })).toEqual([0, 1, 2]);
    expect(among(said, { EQ_value_CEL: [26] })).toEqual([0, 1, 2]);
    expect(among(said, { GT_value_CEL: 26 })).toEqual([]);
    expect(among(said, { LE_value_FAH: 78.8, GE_value_FAH: 78.8 })).toEqual([0, 1, 2]);
  });

  test('a standard deviation is a difference', () => {
    const deviation = (sDev: number, uom: string) => ({
      sensorElementList: [{ sensorReport: [{ type: 'Temperature', sDev, uom }] }],
    });
    const deviations = [deviation(0.5, 'CEL'), deviation(0.5, 'KEL'), deviation(0.9, 'FAH')];
    expect(among(deviations, { EQ_sDev_KEL: 0.5 })).toEqual([0, 1, 2]);
  });
});

describe('fields', () => {
  test('are found in metadata and reports alike (TCR-53 step 28)', () => {
    const attribute = { deviceID: 'urn:epc:id:giai:4000001.111' };
    const said = [
      { sensorElementList: [{ sensorMetadata: attribute, sensorReport: [{ type: 'Count' }] }] },
      { sensorElementList: [{ sensorReport: [{ type: 'Count', ...attribute }] }] },
      { sensorElementList: [{ sensorReport: [{ type: 'Count' }] }] },
    ];
    const link = ['https://id.gs1.org/8004/4000001111'];
    expect(among(said, { EQ_deviceID: link })).toEqual([0, 1]);
  });

  test('without a namespace mean whatever captured events call by their prefix', () => {
    const rig = emptyRig();
    addEvent(rig, smallEvent(0, { 'ext:a': 1 }, { ext: 'http://one.example/' }));
    addEvent(rig, smallEvent(1, { 'ext:a': 1 }, [{ ext: 'http://two.example/' }]));
    addEvent(rig, smallEvent(2, { 'ext:a': 1 }, 'https://unknown.example/context.jsonld'));
    addEvent(rig, smallEvent(3, { 'other:a': 1 }, { other: 'http://one.example/' }));
    const ask = (context: JsonObject | null, name = 'EQ_ext:a') =>
      foundLeaves(rig.index, { [name]: '1' }, { context }).toSorted();
    expect(ask(null)).toEqual([0, 1, 2, 3]);
    expect(ask({ ext: 'http://one.example/' })).toEqual([0, 3]);
    expect(ask({ ext: 'http://three.example/' })).toEqual([]);
    expect(ask(null, 'EQ_http://two.example/#a')).toEqual([1]);
  });

  test('of any depth and length are kept', () => {
    let deep: JsonObject = { 'ext:end': 'bottom' };
    for (let depth = 0; depth < 20_000; depth += 1) deep = { 'ext:a': deep };
    const long = 'x'.repeat(100_000);
    expect(among([deep, {}], { 'EQ_INNER_ext:end': 'bottom' })).toEqual([0]);
    expect(among([{ 'ext:a': long }, { 'ext:a': `${long}y` }], { 'EQ_ext:a': [long] })).toEqual([
      0,
    ]);
  });
});

describe('patterns and classes', () => {
  const THINGS = [
    'urn:epc:id:grai:0614141.12345.400',
    'urn:epc:id:grai:0614141.54321.400',
    'urn:epc:id:gdti:0614141.12345.400',
    'urn:epc:id:cpi:0614141.123ABC.5',
    'urn:epc:id:sgln:0614141.12345.400',
    'urn:epc:id:sgln:0614141.12345.0',
    'urn:epc:id:itip:4012345.012345.01.02.987',
    'urn:epc:id:giai:0614141.12345400',
    'urn:epc:id:gid:95100000.12345.400',
    'urn:epc:id:sgtin:0614141.112345.400',
  ];

  test.each([
    ['urn:epc:idpat:grai:0614141.12345.*', [0]],
    ['urn:epc:idpat:grai:0614141.*.*', [0, 1]],
    ['urn:epc:idpat:grai:*.*.*', [0, 1]],
    ['urn:epc:idpat:gdti:0614141.12345.*', [2]],
    ['urn:epc:idpat:cpi:0614141.123ABC.*', [3]],
    ['urn:epc:idpat:cpi:0614141.*.*', [3]],
    ['urn:epc:idpat:sgln:0614141.12345.*', [4, 5]],
    ['urn:epc:id:sgln:0614141.12345.0', [5]],
    ['urn:epc:idpat:sgln:0614141.*.*', [4, 5]],
    ['urn:epc:idpat:itip:4012345.012345.01.02.*', [6]],
    ['urn:epc:idpat:itip:4012345.*.*.*.*', [6]],
    ['urn:epc:idpat:giai:0614141.*', [7]],
    ['urn:epc:idpat:gid:95100000.12345.*', [8]],
    ['urn:epc:idpat:gid:95100000.*.*', [8]],
    ['urn:epc:idpat:sgtin:0614141.112345.*', [9]],
    ['urn:epc:idpat:sgtin:9999999.*.*', []],
  ])('%s', (pattern, leaves) => {
    const said = THINGS.map((epc) => ({ epcList: [epc] }));
    expect(among(said, { MATCH_epc: [pattern] })).toEqual(leaves);
    expect(among(said, { MATCH_anyEPC: [pattern] })).toEqual(leaves);
    expect(among(said, { MATCH_parentID: [pattern] })).toEqual([]);
  });
});

describe('places', () => {
  test('are within those of the same GLN, and of the path above', () => {
    const at = (id: string) => ({ readPoint: { id } });
    const said = [
      at('urn:epc:id:sgln:0614141.07346.0'),
      at('urn:epc:id:sgln:0614141.07346.12'),
      at('urn:epc:id:sgln:0614141.07347.12'),
      at('https://example.com/site/hall'),
      at('https://example.com/sites'),
    ];
    const gln = ['https://id.gs1.org/414/0614141073467'];
    expect(among(said, { WD_readPoint: gln })).toEqual([0, 1]);
    expect(among(said, { EQ_readPoint: gln })).toEqual([0]);
    expect(among(said, { WD_readPoint: 'https://example.com/site/' })).toEqual([3]);
    expect(among(said, { WD_bizLocation: gln })).toEqual([]);
  });
});

describe('pages', () => {
  test('neither lose nor repeat an event while others are captured', () => {
    const random = seededRandom(5);
    for (const orderBy of ['eventTime', 'recordTime', 'value']) {
      const rig = filledRig(300, random);
      const asked: JsonObject = orderBy === 'value' ? { GE_value_CEL: -4 } : { orderBy };
      const query = queryOf(asked);
      const before = foundLeaves(rig.index, asked);
      const leaves: number[] = [];
      let after: string | null = null;
      do {
        const page = rig.index.query(query, { limit: 11, after });
        if (!page.ok) throw new Error(page.code);
        leaves.push(...page.value.rows.map(({ leafIndex }) => leafIndex));
        after = page.value.next;
        for (let i = 0; i < 5; i += 1) addEvent(rig, generatedEvent(random, rig.events.length));
      } while (after !== null && leaves.length < 2_000);
      expect(new Set(leaves).size).toBe(leaves.length);
      expect(leaves.filter((leaf) => leaf < 300)).toEqual(before);
    }
  });

  test('of another query, and what is no token, are refused', () => {
    const { index } = filledRig(50, seededRandom(6));
    const ask = (parameters: JsonObject, after: string | null) =>
      index.query(queryOf(parameters), { limit: 3, after });
    const first = ask({ orderBy: 'eventTime' }, null);
    if (!first.ok) throw new Error(first.code);
    expect(ask({ orderBy: 'eventTime' }, first.value.next)).toMatchObject({ ok: true });
    for (const token of [first.value.next, '', 'x', 'W10', 'bnVsbA', '%00', "' OR 1=1 --"]) {
      const refused = { ok: false, code: 'epcis_page_token' };
      expect(ask({ orderBy: 'recordTime' }, token)).toMatchObject(refused);
    }
  });

  test('end with eventCountLimit, and with maxEventCount are refused', () => {
    const { index } = filledRig(50, seededRandom(6));
    expect(foundLeaves(index, { orderBy: 'eventTime', eventCountLimit: 20 })).toHaveLength(20);
    expect(foundLeaves(index, { orderBy: 'eventTime', eventCountLimit: 60 })).toHaveLength(50);
    expect(foundLeaves(index, { maxEventCount: 50 })).toHaveLength(50);
    const refused = { ok: false, code: 'epcis_query_too_large' };
    const page = { limit: 7, after: null };
    expect(index.query(queryOf({ maxEventCount: 49 }), page)).toMatchObject(refused);
    const ordered = { maxEventCount: 49, orderBy: 'ext:a' };
    expect(index.query(queryOf(ordered), page)).toMatchObject(refused);
  });

  test('are in the order of a field, events without it at the end', () => {
    const rig = emptyRig();
    const values = [5, '-7.5', null, [1, 9], '2024-01-01T00:00:00Z', 'red', 5];
    for (const [no, value] of values.entries()) addEvent(rig, smallEvent(no, { 'ext:a': value }));
    const ask = (orderDirection: string) =>
      foundLeaves(rig.index, { orderBy: 'ext:a', orderDirection }, { limit: 2 });
    expect(ask('ASC')).toEqual([1, 3, 0, 6, 4, 2, 5]);
    expect(ask('DESC')).toEqual([4, 3, 0, 6, 1, 2, 5]);
  });
});

describe('what is common', () => {
  test('a pattern that hundreds of things match is a filter', () => {
    const rig = emptyRig();
    rig.db.transaction(() => {
      for (let no = 0; no < 600; no += 1) {
        const company = no % 2 === 0 ? '0614141' : '4012345';
        const epc = `urn:epc:id:sscc:${company}.1${String(no).padStart(9, '0')}`;
        addEvent(rig, smallEvent(no, { epcList: [epc] }));
      }
    })();
    const asked = { MATCH_epc: ['urn:epc:idpat:sscc:4012345.*'], orderBy: 'recordTime' };
    const odd = rig.events.map((_, leaf) => leaf).filter((leaf) => leaf % 2 === 1);
    expect(foundLeaves(rig.index, { ...asked, orderDirection: 'ASC' })).toEqual(odd);
  });

  test('a page that finds too little in its time is short, and the next one goes on', () => {
    const rig = emptyRig();
    const events = 130_000;
    const warm = 20_000;
    addEvent(rig, smallEvent(1, { type: 'ObjectEvent', ...report(1, 'CEL') }));
    const no = (name: string, value: string) =>
      rig.db
        .prepare('SELECT no FROM event_phrase WHERE name = ? AND value = ?')
        .pluck()
        .get(name, value);
    // The oldest of many events alone have the value; to write them one by one takes too long.
    const series = `WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ?)`;
    rig.db.prepare(`${series} INSERT INTO event SELECT n, n, n FROM s`).run(events);
    const term = no('eventType', 'ObjectEvent');
    rig.db.prepare(`${series} INSERT INTO event_term SELECT ?, n, n FROM s`).run(events, term);
    const value = no('value KEL', '');
    rig.db
      .prepare(`${series} INSERT INTO event_number SELECT ?, 300, n, n FROM s`)
      .run(warm, value);
    const query = queryOf({ eventType: ['ObjectEvent'], GE_value_KEL: 290, orderBy: 'eventTime' });
    const first = rig.index.query(query, { limit: 1_000, after: null });
    if (!first.ok) throw new Error(first.code);
    expect(first.value.rows).toEqual([]);
    const second = rig.index.query(query, { limit: warm, after: first.value.next });
    if (!second.ok) throw new Error(second.code);
    expect(second.value.rows).toHaveLength(warm);
    expect(second.value.next).toBe(null);
  });
});

describe('discovery', () => {
  test('lists each value once, page by page, and knows every spelling', () => {
    const rig = filledRig(300, seededRandom(9));
    const all = (limit: number) => {
      const values: string[] = [];
      let after: string | null = null;
      do {
        const page = rig.index.discover('epcs', { limit, after });
        if (!page.ok) throw new Error(page.code);
        values.push(...page.value.values);
        after = page.value.next;
      } while (after !== null);
      return values;
    };
    expect(all(3)).toEqual(all(1_000));
    expect(all(3)).toContain('https://id.gs1.org/01/10614141073464/21/3');
    expect(all(3).some((uri) => uri.includes('/10/'))).toBe(false);
    const steps = rig.index.discover('bizSteps', { limit: 9, after: null });
    expect(steps).toEqual({
      ok: true,
      value: { values: ['receiving', 'shipping', 'urn:ours:step'], next: null },
    });
    expect(rig.index.knows('bizSteps', 'urn:epcglobal:cbv:bizstep:shipping')).toBe(true);
    expect(rig.index.knows('bizSteps', 'packing')).toBe(false);
    expect(rig.index.knows('epcs', 'urn:epc:id:sgtin:0614141.107346.3')).toBe(true);
    expect(rig.index.knows('epcs', 'https://id.gs1.org/01/10614141073464')).toBe(false);
    const refused = { ok: false, code: 'epcis_page_token' };
    expect(rig.index.discover('epcs', { limit: 3, after: 'x' })).toMatchObject(refused);
  });
});

describe('erasure', () => {
  const TABLES = [
    'event',
    'event_ref',
    'event_term',
    'event_number',
    'event_item',
    'event_word',
    'event_phrase',
  ];
  const rowsOf = (rig: { db: ReturnType<typeof openDatabase> }) =>
    TABLES.map((table) => rig.db.prepare(`SELECT * FROM ${table}`).raw().all());

  test('of every event leaves empty tables, in any order', () => {
    const random = seededRandom(11);
    const rig = filledRig(200, random);
    const leaves = rig.events.map((_, leaf) => leaf).sort(() => random() - 0.5);
    for (const leaf of leaves) rig.index.remove(leaf, rig.events[leaf]!.read);
    expect(rowsOf(rig)).toEqual(TABLES.map(() => []));
  });

  test('of one event leaves what it would be without it', () => {
    const [rig, other] = [filledRig(60, seededRandom(12)), filledRig(60, seededRandom(12))];
    const secret = { 'ext:secret': 'word', epcList: ['urn:epc:id:sscc:0614141.1234567891'] };
    const leaf = addEvent(rig, smallEvent(999, { ...secret, ...report(31.4159, 'CEL') }));
    rig.index.remove(leaf, rig.events[leaf]!.read);
    expect(rowsOf(rig)).toEqual(rowsOf(other));
    expect(foundLeaves(rig.index, {})).toEqual(foundLeaves(other.index, {}));
  });

  test('leaves none of its words in the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'truegrain-event-index-'));
    const file = join(folder, 'index.sqlite');
    const rig = emptyRig(file);
    addEvent(rig, smallEvent(1, { bizStep: 'urn:open:kept', 'ext:a': 'keptvalue' }));
    const secret = {
      bizStep: 'urn:secret:bizstepword',
      epcList: ['urn:secret:epcword'],
      readPoint: { id: 'https://secretplace.example/a/b' },
      'ext:secretfield': 'secretvalue',
    };
    const leaf = addEvent(rig, smallEvent(2, secret, { ext: 'http://secretspace.example/' }));
    const text = () => {
      rig.db.pragma('wal_checkpoint(TRUNCATE)');
      return readFileSync(file, 'latin1');
    };
    const words = ['bizstepword', 'epcword', 'secretplace', 'secretfield', 'secretvalue'];
    const all = [...words, 'secretspace', rig.events[leaf]!.read.eventId];
    const seen = text();
    for (const word of all) expect(seen.includes(word), word).toBe(true);
    rig.index.remove(leaf, rig.events[leaf]!.read);
    const left = text();
    for (const word of all) expect(left.includes(word), word).toBe(false);
    expect(left).toContain('keptvalue');
    rig.db.close();
    rmSync(folder, { recursive: true });
  });
});

test('an event that is there already is not added again', () => {
  const rig = filledRig(20, seededRandom(15));
  const before = foundLeaves(rig.index, {});
  rig.index.add(rig.events[3]!.read, { leafIndex: 3, recordMs: 1 });
  expect(foundLeaves(rig.index, {})).toEqual(before);
});

test('a rollback takes the numbers of its words back', () => {
  const rig = emptyRig();
  const undone = rig.db.transaction(() => {
    addEvent(rig, smallEvent(0, { bizStep: 'urn:undone:step', epcList: ['urn:undone:thing'] }));
    throw new Error('undone');
  });
  expect(undone).toThrow('undone');
  rig.index.forget();
  rig.events.length = 0;
  addEvent(rig, smallEvent(1, { bizStep: 'urn:kept:step', epcList: ['urn:kept:thing'] }));
  expect(foundLeaves(rig.index, { EQ_bizStep: ['urn:undone:step'] })).toEqual([]);
  expect(foundLeaves(rig.index, { MATCH_epc: ['urn:kept:thing'] })).toEqual([0]);
});

test('another opening of the database finds the same', () => {
  const rig = filledRig(50, seededRandom(13));
  const again = { ...rig, index: new EventIndex(rig.db) };
  expect(foundLeaves(again.index, { EQ_bizStep: ['shipping'] })).toEqual(
    foundLeaves(rig.index, { EQ_bizStep: ['shipping'] }),
  );
  const leaf = addEvent(again, smallEvent(7, { bizStep: 'urn:new:step' }));
  expect(foundLeaves(again.index, { EQ_bizStep: ['urn:new:step'] })).toEqual([leaf]);
});

test('every id finds its event, and no other', () => {
  const rig = filledRig(200, seededRandom(14));
  for (const [leaf, { read }] of rig.events.entries()) {
    expect(rig.index.find(read.eventId)).toEqual([leaf]);
    expect(foundLeaves(rig.index, { EQ_eventID: [read.eventId] })).toEqual([leaf]);
  }
  expect(foundLeaves(rig.index, { EQ_eventID: ['urn:uuid:none'] })).toEqual([]);
});

test('no query scans or sorts a table', () => {
  const db = openDatabase(':memory:');
  const texts = {
    ...SOURCE_SQL,
    ...CONDITION_SQL,
    ...DISCOVERY_SQL,
    order: FIELD_ORDER_SQL,
  };
  for (const [name, sql] of Object.entries(texts)) {
    const bound = Object.fromEntries([...sql.matchAll(/@(\w+)/g)].map(([, key]) => [key, 1]));
    const free = [...sql.matchAll(/\?/g)].map(() => 1);
    const args = free.length > 0 ? free : [bound];
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...args) as { detail: string }[];
    const bad = plan.filter(({ detail }) =>
      /^SCAN (?!\(subquery|CONSTANT)|TEMP B-TREE/.test(detail),
    );
    // An interval that asks for another order than that of its values is sorted, and is small.
    if (name === 'rangeUp' || name === 'rangeDown') {
      expect(
        plan.some(({ detail }) => detail.startsWith('SEARCH')),
        name,
      ).toBe(true);
    } else expect(bad, name).toEqual([]);
  }
});

test('what looks like SQL is only ever a value', () => {
  const evil = ["urn:x:'; DROP TABLE event; --", 'urn:x:%', 'urn:x:_', 'urn:x:\u0000', 'urn:x:"'];
  const rig = emptyRig();
  for (const [no, text] of evil.entries()) {
    addEvent(rig, smallEvent(no, { epcList: [text], bizStep: text, 'ext:a': text }));
  }
  for (const [leaf, text] of evil.entries()) {
    for (const name of ['MATCH_epc', 'EQ_bizStep', 'EQ_ext:a']) {
      if (/\s/.test(text) && name === 'MATCH_epc') continue;
      expect(foundLeaves(rig.index, { [name]: [text] }), `${name} ${text}`).toEqual([leaf]);
    }
  }
  const names = foundLeaves(rig.index, { "EXISTS_ext:a')--": null }, { context: PREFIXES });
  expect(names).toEqual([]);
});
