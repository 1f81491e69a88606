import { NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mayHold } from '../../../gateway/alliance/disclosure.ts';
import { defaultLaw } from '../../../gateway/default-law.ts';
import { retentionRefusal } from '../../../gateway/retention.ts';
import { DeskRig } from '../../support/desk-rig.ts';
import { SoloRig, SUBJECT } from '../../support/solo-ledger.ts';

describe('who may hold a content', () => {
  const device = 'urn:dev:ops:32473-a';
  let rig: DeskRig;
  beforeEach(() => {
    rig = new DeskRig(['mill', 'shop', 'board'], { kinds: { board: 'regulator' } });
  });
  afterEach(() => rig.close());

  const of = (iss: string, leafIndex: number, inspections = new Map()) => {
    const { state } = rig.ledger;
    const devices = new Map([[device, { owner: 'https://mill.example' }]]) as never;
    const membership = { ...state.membership!, law: { ...NO_LAW, inspections } };
    return mayHold({ ...state, devices, membership }, { iss, device, leafIndex });
  };

  test('its owner; a supervisor only within a use of the grant that stands in the log', () => {
    expect(of('https://mill.example', 7)).toBe(true);
    expect(of('https://board.example', 7)).toBe(false);
    const use = { by: 'https://board.example', fromLeaf: 5, untilLeaf: 9 };
    const uses = new Map([[device, [use]]]);
    expect([4, 5, 8, 9].map((leaf) => of('https://board.example', leaf, uses))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(of('https://shop.example', 7, uses)).toBe(false);
  });
});

describe('what may not be erased yet', () => {
  let rig: SoloRig;
  beforeEach(() => {
    rig = new SoloRig({ law: defaultLaw([]), retentionDays: 1 });
  });
  afterEach(() => rig.close());

  async function sent() {
    const device = await rig.enrol('a');
    const frame = rig.temperatures(device, rig.nowMs - 60_000, [4]);
    rig.commit(frame);
    rig.nowMs += 2 * 86_400_000;
    return { device: device.urn, id: frame.id };
  }
  const refusal = (id: Uint8Array, law: object = {}) => {
    const { state } = rig.ledger;
    const membership = { ...state.membership!, law: { ...NO_LAW, ...law } };
    const given = { store: rig.ledger.store, state: { ...state, membership } };
    return retentionRefusal(given, id, rig.nowMs)?.detail ?? null;
  };

  test('the longer of the charter’s and the profile’s term', async () => {
    const { device, id } = await sent();
    expect(refusal(id)).toBeNull();
    const binding = { profile: 'pharma', by: 'https://mill.example', leafIndex: 2 };
    const bindings = new Map([[device, [binding]]]);
    const profiles = new Map([['pharma', { profile: { retentionDays: 30 } }]]);
    expect(refusal(id, { bindings, profiles })).toContain('is kept until');
  });

  test('evidence: of a suspended device, of an annotated thing', async () => {
    const { device, id } = await sent();
    const suspendedDevices = new Map([[device, 'aa'.repeat(32)]]);
    expect(refusal(id, { suspendedDevices })).toContain(`held by order ${'aa'.repeat(32)}`);
    const order = { action: 'annotate', target: { kind: 'subject', id: SUBJECT } };
    const orders = (liftedBy: string | null) => {
      return new Map([['bb', { id: Uint8Array.of(0xbb), order, liftedBy }]]);
    };
    expect(refusal(id, { orders: orders(null) })).toContain('held by order bb');
    expect(refusal(id, { orders: orders('cc') })).toBeNull();
  });
});
