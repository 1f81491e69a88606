import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { coseKeyMap } from '@truegrain/device-sdk/formats/cose-key.js';
import {
  encodeRegistration,
  parseRegistration,
} from '@truegrain/device-sdk/formats/registration.js';
import { describe, expect, test } from 'vitest';
import { mapOf } from '../../support/cbor-map.ts';
import { registration, samples } from '../../support/format-samples.ts';
import { codeOf } from '../../support/result-code.ts';

describe('a registration', () => {
  const [temperature, door] = registration.sensors;
  const code = (change: Partial<typeof registration>) =>
    codeOf(parseRegistration(encodeRegistration({ ...registration, ...change })));

  test('says what it was told', () => {
    expect(parseRegistration(samples.registration)).toEqual({ ok: true, value: registration });
    expect(code({ subjects: null })).toBe(null);
  });

  test.each<[string, Partial<typeof registration>]>([
    ['a unit nobody registered', { sensors: [{ ...temperature!, unit: '°C' }] }],
    ['a discouraged unit', { sensors: [{ ...temperature!, unit: '%' }] }],
    ['min above max', { sensors: [{ ...temperature!, min: 61 }] }],
    ['no resolution', { sensors: [{ ...temperature!, resolution: 0 }] }],
    ['a limit without a unit', { sensors: [{ ...door!, min: 0 }] }],
    ['a sensor twice', { sensors: [temperature!, temperature!] }],
    ['a reserved sensor name', { sensors: [{ ...temperature!, name: 'salt' }] }],
    ['no sensor', { sensors: [] }],
    ['a subject twice', { subjects: ['a', 'a'] }],
    ['no interval', { reportingIntervalS: 0 }],
    ['a long proof', { proof: new Uint8Array(1_025) }],
  ])('is refused with %s', (_, change) => expect(code(change)).toBe('field_value'));

  test.each([
    'urn:dev:ops:32473-tg1/0042',
    'urn:dev:x:+',
    'urn:dev:x:#',
    'tg',
    'urn:dev:mac:0G',
    'urn:dev:os:0-1',
  ])('is refused for the device %s', (device) => expect(code({ device })).toBe('device_urn'));

  test('a sensor of numbers has its limits', () => {
    expect(code({ sensors: [{ ...temperature!, max: null }] })).toBe('field_type');
  });

  test('a key has its required members and nothing else', () => {
    const root = mapOf(samples.registration);
    const withKid = coseKeyMap(registration.key).set(2, new Uint8Array(1));
    expect(codeOf(parseRegistration(encodeCbor(root.set('key', withKid))))).toBe('field_value');
  });
});
