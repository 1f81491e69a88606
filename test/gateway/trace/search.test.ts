import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SoloRig, SUBJECT, T0_MS, type TestDevice } from '../../support/solo-ledger.ts';
import { traceDesk } from '../../support/trace-desk.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let rig: SoloRig;
let device: TestDevice;
beforeEach(async () => {
  rig = new SoloRig();
  device = await rig.enrol('1');
});
afterEach(() => {
  rig.expectSound();
  rig.close();
});

describe('search', () => {
  const found = (q: string) =>
    traceDesk(rig)
      .search(q)
      .map(({ kind, id }) => `${kind} ${id}`);

  test('a statement by its id or the beginning of it, a leaf, its block', () => {
    rig.nowMs += HOUR_MS;
    const frame = rig.temperatures(device, T0_MS, [1]);
    const [settled] = rig.commit(frame);
    const id = toHex(frame.id);
    for (const length of [8, 9, 12, 13, 63, 64]) {
      expect(found(id.slice(0, length))).toContain(`statement ${id}`);
    }
    expect(found(id.toUpperCase())).toContain(`statement ${id}`);
    expect(found(id.slice(0, 7))).not.toContain(`statement ${id}`);
    const other = `${id.slice(0, 13)}${id[13] === '0' ? '1' : '0'}`;
    expect(found(other)).not.toContain(`statement ${id}`);
    const leafIndex = settled!.kind === 'accepted' ? settled!.leafIndex : -1;
    expect(found(String(leafIndex))).toEqual([`statement ${id}`, `block ${leafIndex + 1}`]);
    expect(found('999999')).toEqual([]);
  });

  test('a device by its URN or the end of it', async () => {
    const other = await rig.enrol('21');
    expect(found(device.urn)).toEqual([`device ${device.urn}`]);
    expect(found('TG1-21')).toEqual([`device ${other.urn}`]);
    expect(found('-tg1-')).toEqual([]);
    expect(found('1').sort()).toContain(`device ${device.urn}`);
  });

  test('an EPC in either form, a GTIN at any length, a lot, an SSCC', () => {
    rig.nowMs += HOUR_MS;
    const sub = 'urn:epc:id:sscc:9521234.0000000001';
    rig.commit(
      rig.temperatures(device, T0_MS, [1]),
      rig.temperatures(device, T0_MS + MINUTE_MS, [1], { sub }),
      rig.temperatures(device, T0_MS + 2 * MINUTE_MS, [1], {
        sub: 'https://id.gs1.org/01/09521234567899/10/A%2FB',
      }),
    );
    const sscc = 'https://id.gs1.org/00/095212340000000013';
    for (const q of [sub, sscc, '095212340000000013', '(00) 095212340000000013']) {
      expect(found(q)).toEqual([`item ${sscc}`]);
    }
    const product = 'https://id.gs1.org/01/04012345678901';
    const lot = `${product}/10/LOT-7`;
    for (const q of ['04012345678901', '4012345678901', product]) {
      expect(found(q)).toEqual([`product ${product}`, `lot ${lot}`]);
    }
    expect(found('LOT-7')).toEqual([`lot ${lot}`]);
    expect(found(SUBJECT)).toEqual([`lot ${lot}`]);
    expect(found('A/B')).toEqual(['lot https://id.gs1.org/01/09521234567899/10/A%2FB']);
    expect(found('LOT-8')).toEqual([]);
  });

  test('nothing that is in no index, and nothing for text that means to hurt', () => {
    for (const q of [
      '',
      ' ',
      '%',
      '*',
      "'; DROP TABLE leaf; --",
      'https://',
      '\u0000',
      '€'.repeat(500),
    ]) {
      expect(found(q).length).toBeLessThanOrEqual(20);
    }
    expect(rig.ledger.store.leaves.size()).toBeGreaterThan(0);
  });

  test('looks up by index alone', () => {
    const { db } = rig.ledger.store;
    const lotPlan = db
      .prepare(
        "EXPLAIN QUERY PLAN SELECT word FROM event_word WHERE word GLOB 'https://id.gs1.org/01/??????????????/10/?*' AND substr(word, 41) = 'A'",
      )
      .all() as { detail: string }[];
    expect(lotPlan.map(({ detail }) => detail).join()).toContain('event_word_lot');
  });
});
