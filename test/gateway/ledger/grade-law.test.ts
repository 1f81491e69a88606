import { describe, expect, test } from 'vitest';
import { LawRig, LOT } from '../../support/law-rig.ts';
import { TEMPERATURE } from '../../support/sample-members.ts';

const sensor = { ...TEMPERATURE, serial: 'SN-1' };
const photo = new Uint8Array(32).fill(1);
/** Of a device that claims more than anybody has shown. */
const claims = { sensors: [sensor], keyLevel: 'secure-element', binding: 'tag-tamper' } as const;
const rigOf = (law?: false) => new LawRig({ ...(law === false && { law }), registration: claims });

const axis = (rig: LawRig, place: number, logTimeMs?: number) => rig.grade(logTimeMs)[place];
const metrology = (rig: LawRig, logTimeMs?: number) => axis(rig, 2, logTimeMs);
const binding = (rig: LawRig) => axis(rig, 3);

test('what the registration says is taken where there is no law, and capped by it where there is', () => {
  expect(rigOf(false).grade()).toBe('231400');
  expect(rigOf().grade()).toBe('221200');
});

describe('metrology', () => {
  test('is what a certificate shows, by its signature', () => {
    const rig = rigOf();
    expect(metrology(rig)).toBe('1');
    expect(rig.calibrate({ signature: 'unsigned' })).toBe('ok');
    expect(metrology(rig)).toBe('2');
    expect(rig.calibrate({ signature: 'unanchored' })).toBe('ok');
    expect(metrology(rig)).toBe('2');
    expect(rig.calibrate()).toBe('ok');
    expect(metrology(rig)).toBe('3');
  });

  test('falls to 1 when the certificate runs out, and says so', () => {
    const rig = rigOf();
    const dueMs = rig.ledger.tick() + 600_000;
    rig.calibrate({ dueMs });
    expect(rig.grade(dueMs)).toBe('223200');
    expect(rig.grade(dueMs + 1)).toBe('221220');
    rig.calibrate({ dueMs: dueMs + 86_400_000 });
    expect(rig.grade(dueMs + 1)).toBe('223200');
  });

  test('is that of the weakest sensor, and none without a unit', () => {
    const second = { ...sensor, name: 'wall', serial: 'SN-2' };
    const two = new LawRig({ registration: { sensors: [sensor, second] } });
    two.calibrate();
    expect(metrology(two)).toBe('1');
    two.calibrate({ sensor: 'wall', serial: 'SN-2' });
    expect(metrology(two)).toBe('3');
    const textless = { unit: null, min: null, max: null, resolution: null };
    const door = { ...sensor, ...textless, name: 'door' };
    expect(metrology(new LawRig({ registration: { sensors: [door] } }))).toBe('0');
    const both = new LawRig({ registration: { sensors: [sensor, door] } });
    both.calibrate();
    expect(metrology(both)).toBe('3');
  });

  test('of another instrument is shown by its own certificate', () => {
    const rig = rigOf();
    rig.calibrate();
    expect(metrology(rig)).toBe('3');
    const record = rig.state.devices.get(rig.device.urn)!;
    rig.state.devices.set(rig.device.urn, {
      ...record,
      sensors: [{ ...sensor, serial: 'SN-9' }],
    });
    expect(metrology(rig)).toBe('1');
    expect(rig.calibrate({ serial: 'SN-1' })).toBe('dcc_serial');
    rig.calibrate({ serial: 'SN-9' });
    expect(metrology(rig)).toBe('3');
  });
});

describe('binding', () => {
  test('is shown by a tag that proved itself, while it is on that thing', () => {
    const rig = rigOf();
    expect(binding(rig)).toBe('2');
    rig.tap(1);
    expect(binding(rig)).toBe('3');
    rig.tap(2, `${LOT}/other`);
    expect(binding(rig)).toBe('2');
  });

  test('is shown by a high-security seal photographed at both ends', () => {
    const rig = rigOf();
    rig.seal('closing', { photo });
    expect(binding(rig)).toBe('2');
    rig.seal('opening', { photo });
    expect(binding(rig)).toBe('4');
    for (const less of [{ sealClass: 'S' as const, photo }, { photo: null }]) {
      rig.seal('closing', less);
      rig.seal('opening', { ...less, photo });
      expect(binding(rig)).toBe('2');
    }
  });

  test('falls where the numbers differ, tag or no tag; the broken seal can’t be read again', () => {
    const rig = rigOf();
    rig.tap(1);
    rig.seal('closing', { photo });
    rig.seal('opening', { photo, number: 'H-2' });
    expect(binding(rig)).toBe('1');
    expect(rig.seal('opening', { photo })).toBe('target_unknown');
    expect(binding(rig)).toBe('1');
  });

  test('is never more than the registration says', () => {
    const rig = new LawRig({ registration: { binding: 'label' } });
    rig.tap(1);
    expect(binding(rig)).toBe('1');
  });
});
