import { parseAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { parseAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { encodeBatch, parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { encodeBoot, parseBoot } from '@truegrain/device-sdk/formats/boot.js';
import {
  type CborMap,
  type CborValue,
  encodeCbor,
  parseCbor,
} from '@truegrain/device-sdk/formats/cbor.js';
import {
  type Charter,
  encodeCharter,
  parseCharter,
} from '@truegrain/device-sdk/formats/charter.js';
import { coseKeyMap } from '@truegrain/device-sdk/formats/cose-key.js';
import { parseDeparture } from '@truegrain/device-sdk/formats/departure.js';
import { parseEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import {
  makeEnrolmentProof,
  verifyEnrolmentProof,
} from '@truegrain/device-sdk/formats/enrolment.js';
import { parseErasure } from '@truegrain/device-sdk/formats/erasure.js';
import { parseException } from '@truegrain/device-sdk/formats/exception.js';
import { encodeGap, parseGap } from '@truegrain/device-sdk/formats/gap.js';
import { areGrades, encodeGrades, gradeAt } from '@truegrain/device-sdk/formats/grade.js';
import { parseGrant } from '@truegrain/device-sdk/formats/grant.js';
import { parseMemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { parseProposal } from '@truegrain/device-sdk/formats/proposal.js';
import {
  encodeRegistration,
  parseRegistration,
} from '@truegrain/device-sdk/formats/registration.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import { parseRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { parseRotation } from '@truegrain/device-sdk/formats/rotation.js';
import { effectiveQuorum } from '@truegrain/device-sdk/formats/terms.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batch,
  charter,
  DEVICE,
  deviceSigner,
  founder,
  grade,
  ledgerId,
  NOW_MS,
  newDeviceSigner,
  registration,
  samples,
  signer,
  TOKEN,
} from '../../support/format-samples.ts';
import { memberSamples } from '../../support/member-samples.ts';

type Parse = (bytes: Uint8Array) => Result<unknown>;

function codeOf(result: Result<unknown>): string | null {
  return result.ok ? null : result.code;
}

function mapOf(bytes: Uint8Array): CborMap {
  const parsed = parseCbor(bytes);
  if (!parsed.ok || !(parsed.value instanceof Map)) throw new Error('not a map');
  return parsed.value;
}

const payloads: [string, Uint8Array, Parse][] = [
  ['charter', samples.charter, parseCharter],
  ['acceptance', samples.acceptance, parseAcceptance],
  ['registration', samples.registration, parseRegistration],
  ['rotation', samples.rotation, parseRotation],
  ['revocation', samples.revocation, parseRevocation],
  ['erasure', samples.erasure, parseErasure],
  ['batch', samples.batch, parseBatch],
  ['boot', samples.boot, parseBoot],
  ['gap', samples.gap, parseGap],
  ['proposal to admit', memberSamples.admission, parseProposal],
  ['proposal to leave', memberSamples.notice, parseProposal],
  ['proposal of terms', memberSamples.newTerms, parseProposal],
  ['proposal of a key', memberSamples.keyChange, parseProposal],
  ['answer', memberSamples.answer, parseAnswer],
  ['exception', memberSamples.exception, parseException],
  ['departure', memberSamples.departure, parseDeparture],
  ['endpoint', memberSamples.endpoint, parseEndpoint],
  ['grant', memberSamples.grant, parseGrant],
  ['member card', memberSamples.memberCard, parseMemberCard],
];

/** Every map within a value, the value itself first. */
function mapsWithin(value: CborValue): CborMap[] {
  if (Array.isArray(value)) return value.flatMap(mapsWithin);
  if (!(value instanceof Map)) return [];
  return [value, ...[...value.values()].flatMap(mapsWithin)];
}

describe.each(payloads)('%s', (_, sample, parse) => {
  test('parses', () => expect(codeOf(parse(sample))).toBe(null));

  test('has no field that may be left out, at any depth', () => {
    const root = mapOf(sample);
    for (const map of mapsWithin(root)) {
      for (const [key, value] of [...map]) {
        map.delete(key);
        const code = codeOf(parse(encodeCbor(root)));
        // A COSE_Key says its own word about what it lacks.
        expect(code, String(key)).toMatch(/^(field_missing|key_type|key_malformed)$/);
        map.set(key, value);
      }
    }
  });

  test('has no field of another type, at any depth', () => {
    const root = mapOf(sample);
    for (const map of mapsWithin(root)) {
      for (const [key, value] of [...map]) {
        for (const odd of [[[]], new Map([[99, 1]]), -1, 1.5, '\u0000', new Uint8Array(3), true]) {
          map.set(key, odd as CborValue);
          const code = codeOf(parse(encodeCbor(root)));
          if (typeof odd !== typeof value) expect(code, `${key}`).not.toBe(null);
        }
        map.set(key, value);
      }
    }
  });

  test('has no unknown field, at any depth, and no other version', () => {
    const root = mapOf(sample);
    for (const map of mapsWithin(root)) {
      map.set('zz', 1);
      expect(codeOf(parse(encodeCbor(root)))).toMatch(/^field_(unknown|value)$/);
      map.delete('zz');
    }
    const version = root.has('v') ? 'v' : 1;
    expect(codeOf(parse(encodeCbor(root.set(version, 2))))).toBe('version');
    expect(codeOf(parse(encodeCbor([root])))).toBe('field_type');
  });
});

describe('a charter', () => {
  const [first] = charter.founders;
  const solo = (change: Partial<Charter>) =>
    codeOf(parseCharter(encodeCharter({ ...charter, ...change })));
  const two = (change: Partial<Charter['founders'][number]>, more: Partial<Charter> = {}) =>
    solo({
      mode: 'alliance',
      founders: [
        { ...first!, nodeKey: signer(-8, 6).key },
        { ...founder(20), ...change },
      ],
      ...more,
    });

  test('says what it was told', () => {
    expect(parseCharter(samples.charter)).toEqual({ ok: true, value: charter });
    expect(two({})).toBe(null);
  });

  test.each<[string, () => string | null]>([
    ['two founders in solo mode', () => two({}, { mode: 'solo' })],
    ['an alliance of one', () => solo({ mode: 'alliance' })],
    ['a quorum of more than there are', () => solo({ quorum: 2 })],
    ['more approvals than members', () => solo({ ruleApprovals: 2 })],
    ['nobody who may validate', () => solo({ validatorKinds: ['auditor'] })],
    ['no gateway', () => solo({ founders: [{ ...first!, gatewayKeys: [] }] })],
    ['a validator without a node key', () => two({ nodeKey: null })],
    [
      'one key for two jobs',
      () => solo({ founders: [{ ...first!, cosigningKey: first!.logKey }] }),
    ],
    ['one key for two members', () => two({ memberKey: first!.memberKey })],
    ['one issuer twice', () => two({ iss: first!.iss })],
    ['one cosigner name twice', () => two({ cosignerName: first!.cosignerName })],
    ['one legal entity twice', () => two({ legalId: first!.legalId })],
  ])('contradicts itself with %s', (_, code) => expect(code()).toBe('charter_contradiction'));

  test('asks for more than two thirds of its cosigners, however many there are', () => {
    expect(solo({ quorum: 'two-thirds' })).toBe(null);
    expect(solo({ quorum: 'all' as 'two-thirds' })).toBe('field_type');
    const asked = [1, 2, 3, 4, 5, 6, 7].map((count) => effectiveQuorum('two-thirds', count));
    expect(asked).toEqual([1, 2, 3, 3, 4, 5, 5]);
    expect([1, 2, 3].map((count) => effectiveQuorum(2, count))).toEqual([1, 2, 2]);
  });

  test('an auditor needs no node', () => {
    expect(two({ nodeKey: null, kind: 'auditor' })).toBe(null);
  });

  test.each<[string, Partial<Charter>]>([
    ['a name with capitals', { ledgerName: 'Ledger.example' }],
    ['a name with a plus', { ledgerName: 'ledger.example/a+b' }],
    ['a name with a space', { ledgerName: 'ledger example' }],
    ['an unknown mode', { mode: 'open' as 'solo' }],
    ['no answer term', { answerTermDays: 0 }],
    ['no quorum', { quorum: 0 }],
    ['a P-256 node key', { founders: [{ ...first!, nodeKey: signer(-7, 2).key }] }],
    ['a block no entry fits in', { bytesPerBlock: 1_000 }],
    ['a validator kind twice', { validatorKinds: ['participant', 'participant'] }],
    ['an unknown validator kind', { validatorKinds: ['king' as 'auditor'] }],
    ['no founders', { founders: [] }],
    ['a content type that is none', { inlineContentTypes: ['text'] }],
    ['an empty text', { text: '' }],
    ['a P-256 log key', { founders: [{ ...first!, logKey: signer(-7, 2).key }] }],
    ['an issuer that is no URI', { founders: [{ ...first!, iss: 'me' }] }],
    ['a cosigner name with a plus', { founders: [{ ...first!, cosignerName: 'a+b' }] }],
    [
      'an LEI that is none',
      { founders: [{ ...first!, legalId: { scheme: 'lei', value: '549300', evidence: null } }] },
    ],
  ])('is refused with %s', (_, change) => expect(solo(change)).toBe('field_value'));
});

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

describe('an enrolment proof', () => {
  const expected = { device: DEVICE, key: deviceSigner.key, ledgerId };

  test.each([deviceSigner, newDeviceSigner])('by the key itself, alg $alg', (by) => {
    const proof = makeEnrolmentProof(by, { device: DEVICE, token: TOKEN, ledgerId });
    const verified = verifyEnrolmentProof(proof, { ...expected, key: by.key, token: TOKEN });
    expect(verified).toEqual({
      ok: true,
      value: { device: DEVICE, key: by.key, token: TOKEN, ledgerId },
    });
  });

  test.each([
    ['device', { ...expected, device: `${DEVICE}1` }],
    ['key', { ...expected, key: newDeviceSigner.key }],
    ['ledger', { ...expected, ledgerId: new Uint8Array(32) }],
    ['no ledger', { ...expected, ledgerId: null }],
    ['token', { ...expected, token: new Uint8Array(32) }],
    ['no token', { ...expected, token: null }],
    ['signer', { ...expected, signedBy: newDeviceSigner.key }],
  ])('is not one for another %s', (_, other) => {
    expect(codeOf(verifyEnrolmentProof(registration.proof, other))).toBe('proof_mismatch');
  });

  test('an old key vouches for a new one, and only when it is asked for', () => {
    const key = newDeviceSigner.key;
    const request = { device: DEVICE, token: null, ledgerId, key };
    const vouched = makeEnrolmentProof(deviceSigner, request);
    const by = { device: DEVICE, key, ledgerId, signedBy: deviceSigner.key };
    expect(verifyEnrolmentProof(vouched, by).ok).toBe(true);
    expect(codeOf(verifyEnrolmentProof(vouched, { ...expected, key }))).toBe('proof_mismatch');
  });

  test('a key outside the acceptance set is never registered', () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: Uint8Array.of(1, ...new Uint8Array(31)) } as const;
    const proof = makeEnrolmentProof(
      { ...newDeviceSigner, key },
      { device: DEVICE, token: null, ledgerId },
    );
    expect(codeOf(verifyEnrolmentProof(proof, { ...expected, key }))).not.toBe(null);
  });

  test('another host library is asked only at the end', () => {
    expect(codeOf(verifyEnrolmentProof(registration.proof, expected, () => false))).toBe(
      'proof_signature',
    );
  });
});

describe('a batch', () => {
  const code = (change: Partial<typeof batch>) =>
    codeOf(parseBatch(encodeBatch({ ...batch, ...change })));
  const id = (n: number) => new Uint8Array(32).fill(n);

  test('says what it was told', () => {
    expect(parseBatch(samples.batch)).toEqual({ ok: true, value: batch });
  });

  test('refusals are listable, different and not too many', () => {
    const listed = (codes: string[]) =>
      code({ refusals: codes.map((c, i) => ({ id: id(i), code: c as 'range' })) });
    expect(listed(['range', 'fork', 'seq'])).toBe(null);
    for (const c of ['malformed', 'digest_mismatch', 'bad_signature', 'constructor', '']) {
      expect(listed([c])).toBe('field_value');
    }
    expect(listed(new Array(256).fill('unit'))).toBe(null);
    expect(listed(new Array(257).fill('unit'))).toBe('field_value');
    expect(code({ refusals: [batch.refusals[0]!, batch.refusals[0]!] })).toBe('field_value');
  });

  test('has a grade for each statement, and something in it', () => {
    const grades = (n: number) => encodeGrades(new Array(n).fill(grade));
    expect(code({ count: 3 })).toBe('field_value');
    expect(code({ count: 1_024, grades: grades(1_024) })).toBe(null);
    expect(code({ count: 1_025, grades: grades(1_025) })).toBe('field_value');
    expect(code({ count: 0, grades: grades(0), refusals: [] })).toBe('field_value');
    expect(code({ count: 0, grades: grades(0) })).toBe(null);
    expect(code({ count: 1, grades: Uint8Array.of(0x50, 0, 0) })).toBe('field_value');
    expect(code({ count: 1, grades: Uint8Array.of(0, 0x05, 0) })).toBe('field_value');
    expect(code({ count: 1, grades: Uint8Array.of(0, 0, 0x40) })).toBe('field_value');
  });

  test('grades come back', () => {
    const axis = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const);
    const any = fc.record({
      origin: axis,
      key: axis,
      metrology: axis,
      binding: axis,
      late: fc.boolean(),
      fork: fc.boolean(),
      untrustedClock: fc.boolean(),
      gapBefore: fc.boolean(),
      suspectReading: fc.boolean(),
      calibrationOverdue: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), (list) => {
        const bytes = encodeGrades(list);
        expect(areGrades(bytes, list.length)).toBe(true);
        expect(list.map((_, i) => gradeAt(bytes, i))).toEqual(list);
        expect(gradeAt(bytes, list.length)).toBe(null);
      }),
    );
    expect(gradeAt(samples.batch, -1)).toBe(null);
  });
});

describe('device contents', () => {
  const boot = {
    bootId: new Uint8Array(16),
    bootCount: 1,
    prevSeqDurable: 0,
    firstSeq: 1,
    gapReason: null,
    firmware: '1',
    buildDateS: 1,
    tornBytes: 0,
  };

  test('a boot record explains every number it skips and reuses none', () => {
    expect(parseBoot(encodeBoot(boot))).toEqual({ ok: true, value: boot });
    expect(codeOf(parseBoot(encodeBoot({ ...boot, prevSeqDurable: 9, firstSeq: 9 })))).toBe(
      'field_value',
    );
    expect(codeOf(parseBoot(encodeBoot({ ...boot, firstSeq: 65 })))).toBe('field_value');
    expect(codeOf(parseBoot(encodeBoot({ ...boot, firstSeq: 65, gapReason: 'power cut' })))).toBe(
      null,
    );
  });

  test('a gap record counts no more than it spans', () => {
    const gap = {
      fromSeq: 5,
      toSeq: 9,
      count: 5,
      minTimeMs: null,
      maxTimeMs: null,
      reason: 'queue full',
      dropped: new Uint8Array(32),
    };
    expect(parseGap(encodeGap(gap))).toEqual({ ok: true, value: gap });
    for (const change of [
      { count: 6 },
      { toSeq: 4 },
      { minTimeMs: 1 },
      { minTimeMs: 2, maxTimeMs: 1 },
    ]) {
      expect(codeOf(parseGap(encodeGap({ ...gap, ...change })))).toBe('field_value');
    }
    expect(gap.fromSeq < NOW_MS).toBe(true);
  });
});
