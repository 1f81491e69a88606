import { parseSign1 } from '@truegrain/device-sdk/formats/cose-sign1.js';
import { MEDIA_RECALL } from '@truegrain/device-sdk/formats/media-types.js';
import { verifyReport } from '@truegrain/device-sdk/formats/signed-report.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recallCsv } from '../../../gateway/http/recall-csv.ts';
import type { Trace } from '../../../gateway/http/trace-backend.ts';
import { kineticMean, kineticTerm } from '../../../gateway/law/kinetic-temperature.ts';
import type { RouteConfig } from '../../../gateway/trace/route-config.ts';
import { EventLedger } from '../../support/event-ledger.ts';
import { sampleRule } from '../../support/sample-rule.ts';
import { type SignedFrame, SoloRig, T0_MS, type TestDevice } from '../../support/solo-ledger.ts';
import { traceDesk } from '../../support/trace-desk.ts';
import { enact } from '../law/watch-rig.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const PALLET = 'https://id.gs1.org/00/095212340000000013';
const BOX = 'https://id.gs1.org/01/09521234567899/21/1';
const LOT = 'https://id.gs1.org/01/09521234567899/10/L-1';
const HALL = 'https://id.gs1.org/414/0952123400006';

let rig: SoloRig;
let device: TestDevice;
let events: EventLedger;
beforeEach(async () => {
  rig = new SoloRig();
  device = await rig.enrol('1');
  events = new EventLedger(rig.ledger.store.db);
  rig.nowMs = T0_MS + 40 * HOUR_MS;
});
afterEach(() => {
  rig.close();
});

const at = (minute: number) => T0_MS + minute * MINUTE_MS;

/** A value a minute about `sub`, `valueAt` of it. */
function measure(minutes: number, sub: string, valueAt: (minute: number) => number): SignedFrame[] {
  const frames = Array.from({ length: minutes }, (_, minute) =>
    rig.temperatures(device, at(minute), [valueAt(minute)], { sub }),
  );
  for (let i = 0; i < frames.length; i += 500) rig.commit(...frames.slice(i, i + 500));
  return frames;
}

function pack(minute: number, action: 'ADD' | 'DELETE', parentID = PALLET, ...childEPCs: string[]) {
  return events.capture({ type: 'Aggregation', ms: at(minute), action, parentID, childEPCs });
}

function traceOf(epc: string, routes: readonly RouteConfig[] = []): Trace {
  const traced = traceDesk(rig, routes).trace({ epc, direction: 'both', depth: 12 });
  if (!traced.ok) throw new Error(traced.code);
  return traced.value;
}

describe('conditions', () => {
  test('are those of the container for exactly the time in it, over long and short stays', () => {
    measure(1_500, PALLET, (minute) => minute % 10);
    for (const [from, until] of [
      [3, 7],
      [100, 1_400],
    ] as const) {
      const box = `${BOX}${from}`;
      pack(from, 'ADD', PALLET, box);
      pack(until, 'DELETE', PALLET, box);
      const values = Array.from({ length: until - from }, (_, i) => (from + i) % 10);
      const [own, ...others] = traceOf(box).conditions;
      expect(others).toEqual([]);
      const terms = values.map((value) => kineticTerm(value, 'Cel'));
      const mean = terms.reduce((sum, term) => sum + term, 0) / terms.length;
      expect(own).toMatchObject({
        item: box,
        via: PALLET,
        device: device.urn,
        fromMs: at(from),
        untilMs: at(until),
        count: values.length,
        min: Math.min(...values),
        max: Math.max(...values),
        unreadable: 0,
        isTruncated: false,
      });
      expect(own!.mean).toBeCloseTo(values.reduce((sum, v) => sum + v, 0) / values.length, 9);
      expect(own!.meanKinetic).toBeCloseTo(kineticMean(mean, 'Cel'), 9);
    }
  });

  test('of a place while there, and by a logger while it was fixed to the container', async () => {
    measure(30, HALL, (minute) => minute);
    const other = await rig.enrol('2');
    rig.commit(
      ...Array.from({ length: 30 }, (_, m) => rig.temperatures(other, at(m), [50 + m], {})),
    );
    const see = (minute: number, place: string) =>
      events.capture({
        type: 'Object',
        ms: at(minute),
        action: 'OBSERVE',
        at: place,
        epcList: [BOX],
      });
    see(5, HALL);
    see(10, 'urn:example:road');
    pack(12, 'ADD', PALLET, BOX);
    const fixed = { type: 'Association' as const, parentID: PALLET, childEPCs: [other.urn] };
    events.capture({ ...fixed, ms: at(15), action: 'ADD' });
    events.capture({ ...fixed, ms: at(20), action: 'DELETE' });
    const told = traceOf(BOX).conditions.map(({ via, min, max, count }) => [via, min, max, count]);
    expect(told).toEqual([
      [HALL, 5, 9, 5],
      [other.urn, 65, 69, 5],
    ]);
  });

  test('name the rule that was broken and who answers, and say what was erased', async () => {
    await enact(rig, sampleRule());
    const frames = measure(20, PALLET, (minute) => (minute === 8 || minute === 15 ? 12 : 4));
    pack(5, 'ADD', PALLET, BOX);
    pack(10, 'DELETE', PALLET, BOX);
    const [before] = traceOf(BOX).conditions;
    expect(before!.excursions).toMatchObject([
      {
        fromMs: at(8),
        untilMs: at(8),
        max: 12,
        rules: [{ rule: 'cold@1', title: 'At most 8 °C' }],
      },
    ]);
    rig.nowMs += 48 * HOUR_MS;
    const erased = await rig.registrar.erase([frames[8]!.id], 'GDPR Art. 17', 'asked for');
    expect(erased.ok).toBe(true);
    const [after] = traceOf(BOX).conditions;
    expect(after).toMatchObject({ count: 4, max: 4, unreadable: 1 });
  });

  test('name no rule that allows a time outside, before that time is up', async () => {
    await enact(rig, sampleRule());
    const window = {
      kind: 'window' as const,
      quantity: 'air temperature',
      unit: 'Cel',
      windowS: 3_600,
      aggregate: 'outsideS' as const,
      outside: { min: 2, max: 8 },
      min: null,
      max: 1_800,
    };
    const reading = (atS: number, value: number) => {
      return { sensor: 'temp', quantity: 'air temperature', unit: 'Cel', atS, value };
    };
    const example = (verdict: 'kept' | 'broken', ...values: number[]) => {
      const readings = values.map((value, i) => reading(i * 1_200, value));
      return { text: verdict, verdict, readings, context: null };
    };
    const examples = [example('kept', 4, 9, 4), example('broken', 4, 9, 9, 9)];
    await enact(rig, sampleRule({ id: 'budget', check: window, examples }));
    measure(10, PALLET, (minute) => (minute === 4 || minute === 5 ? 12 : 4));
    pack(0, 'ADD', PALLET, BOX);
    const [told] = traceOf(BOX).conditions;
    expect(told!.excursions.map(({ rules }) => rules.map(({ rule }) => rule))).toEqual([
      ['cold@1'],
    ]);
    const { statements } = told!;
    expect(statements.measured + statements.observed + statements.declared).toBe(10);
  });

  test('silence and missing numbers of the time in it are gaps', () => {
    const first = rig.temperatures(device, at(0), [1], { sub: PALLET });
    rig.temperatures(device, at(5), [2], { sub: PALLET });
    const third = rig.temperatures(device, at(9), [3], { sub: PALLET });
    rig.commit(first, third, rig.temperatures(device, at(60), [4], { sub: PALLET }));
    pack(0, 'ADD', PALLET, BOX);
    pack(61, 'DELETE', PALLET, BOX);
    expect(traceOf(BOX).conditions[0]!.gaps).toEqual([
      { fromMs: at(0), untilMs: at(9), missing: 1 },
      { fromMs: at(9), untilMs: at(60), missing: 0 },
    ]);
  });
});

describe('a recall', () => {
  function ship() {
    events.capture({
      type: 'Object',
      ms: at(1),
      action: 'ADD',
      at: 'urn:example:mill',
      epcList: [BOX, `${BOX}2`],
      ilmd: { 'cbvmda:lotNumber': 'L-1' },
    });
    pack(2, 'ADD', PALLET, BOX);
    events.capture({
      type: 'Object',
      ms: at(3),
      action: 'OBSERVE',
      at: '=cmd|x',
      epcList: [PALLET],
    });
  }

  test('of a lot tells where each thing is now, directly or through its container', () => {
    ship();
    for (const lot of ['L-1', LOT, 'urn:epc:class:lgtin:9521234.056789.L-1']) {
      const outcome = traceDesk(rig).recall({ lot });
      if (!outcome.ok) throw new Error(outcome.code);
      const { items } = outcome.value;
      expect(items.map(({ item, lastSeen }) => [item, lastSeen?.readPoint ?? null])).toEqual([
        [LOT, null],
        [BOX, '=cmd|x'],
        [`${BOX}2`, 'urn:example:mill'],
      ]);
      expect(items[1]!.lastSeen!.via).toBe(PALLET);
      expect(items[1]!.why).toMatchObject([{ kind: 'lot', from: LOT }]);
      // A spreadsheet runs no cell of it.
      expect(recallCsv(outcome.value)).toContain(`,'=cmd|x,`);
    }
    expect(traceDesk(rig).recall({ lot: 'L-2' })).toMatchObject({ ok: false, code: 'not_found' });
  });

  test('verifies without the gateway, by the log key alone and for no other content', () => {
    ship();
    const desk = traceDesk(rig);
    const outcome = desk.recall({ epc: PALLET });
    if (!outcome.ok) throw new Error(outcome.code);
    const json = new TextEncoder().encode(JSON.stringify(outcome.value));
    const signed = desk.signRecall(outcome.value, json);
    const { log, gateway } = rig.signers;
    const keyOf = (kid: Uint8Array) =>
      Buffer.from(kid).equals(Buffer.from(log.kid)) ? log.key : null;
    const verified = verifyReport(signed, { contentType: MEDIA_RECALL, keyOf });
    expect(verified.ok && JSON.parse(new TextDecoder().decode(verified.value.bytes))).toEqual(
      JSON.parse(JSON.stringify(outcome.value)),
    );
    const code = (bytes: Uint8Array, options = { contentType: MEDIA_RECALL, keyOf }) => {
      const checked = verifyReport(bytes, options);
      return checked.ok ? 'ok' : checked.code;
    };
    const { payload } = (parseSign1(signed) as { value: { payload: Uint8Array } }).value;
    const changed = Uint8Array.from(signed);
    changed[signed.length - 64 - 2 - payload.length + 10] = 0x20;
    expect(code(changed)).toBe('report_signature');
    expect(code(signed, { contentType: 'application/json', keyOf })).toBe('cose_header');
    expect(code(signed, { contentType: MEDIA_RECALL, keyOf: () => null })).toBe('report_key');
    expect(code(signed, { contentType: MEDIA_RECALL, keyOf: () => gateway.key })).toBe(
      'report_signature',
    );
  });

  test('of a sensor window names what was then in what it measures, and nothing else', () => {
    measure(30, HALL, () => 9);
    const see = (minute: number, place: string, item: string) =>
      events.capture({
        type: 'Object',
        ms: at(minute),
        action: 'OBSERVE',
        at: place,
        epcList: [item],
      });
    see(0, HALL, `${BOX}1`);
    see(5, 'urn:example:road', `${BOX}1`);
    see(4, HALL, `${BOX}2`);
    see(20, HALL, `${BOX}3`);
    const outcome = traceDesk(rig).recall({ device: device.urn, fromMs: at(6), toMs: at(10) });
    expect(outcome.ok && outcome.value.items.map(({ item }) => item)).toEqual([`${BOX}2`]);
  });
});

describe('findings', () => {
  const route: RouteConfig = {
    name: 'north',
    items: ['https://id.gs1.org/01/09521234567899'],
    readPoints: ['urn:example:a', 'urn:example:b'],
    dwellMaxS: 3_600,
  };
  const see = (minute: number, place: string) =>
    events.capture({
      type: 'Object',
      ms: at(minute),
      action: 'OBSERVE',
      at: `urn:example:${place}`,
      epcList: [BOX],
    });

  test('come once each, page by page, and later ones after those', () => {
    const lost = rig.temperatures(device, at(0), [1]);
    rig.commit(rig.temperatures(device, at(1), [2]));
    see(1, 'a');
    see(90, 'elsewhere');
    see(95, 'b');
    see(96, 'a');
    const desk = traceDesk(rig, [route]);
    const kinds: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = desk.findings({ limit: 1, ...(after ? { after } : {}) });
      if (!page.ok) throw new Error(page.code);
      kinds.push(...page.value.findings.map(({ kind }) => kind));
      if (page.value.next === null) break;
      expect(page.value.next).not.toBe(after);
      after = page.value.next;
    }
    expect(kinds).toEqual(['gap', 'dwell', 'route_deviation', 'route_deviation']);
    rig.commit(lost);
    const filled = desk.findings({ limit: 10, kind: 'gap' });
    expect(filled.ok && filled.value.findings).toEqual([]);
    const one = desk.findings({ limit: 10, kind: 'dwell', subject: BOX });
    expect(one.ok && one.value.findings).toHaveLength(1);
    expect(desk.findings({ limit: 1, after: '1; DROP' })).toMatchObject({ code: 'bad_cursor' });
  });

  test('a thing put into itself, and one that still is where it may not be as long', () => {
    pack(1, 'ADD', PALLET, BOX);
    pack(2, 'ADD', BOX, PALLET);
    const found = traceDesk(rig).findings({ limit: 10 });
    expect(found.ok && found.value.findings.map(({ kind }) => kind)).toEqual(['aggregation_cycle']);
    see(5, 'b');
    expect(traceOf(BOX, [route]).findings.map(({ kind }) => kind)).toContain('dwell');
  });
});
