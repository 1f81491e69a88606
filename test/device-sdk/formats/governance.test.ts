import { parseAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { parseAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { parseBoot } from '@truegrain/device-sdk/formats/boot.js';
import { type CborValue, encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { parseCharter } from '@truegrain/device-sdk/formats/charter.js';
import { parseDeparture } from '@truegrain/device-sdk/formats/departure.js';
import { parseEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { parseErasure } from '@truegrain/device-sdk/formats/erasure.js';
import { parseException } from '@truegrain/device-sdk/formats/exception.js';
import { parseGap } from '@truegrain/device-sdk/formats/gap.js';
import { parseGrant } from '@truegrain/device-sdk/formats/grant.js';
import { parseMemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { parseProposal } from '@truegrain/device-sdk/formats/proposal.js';
import { parseRegistration } from '@truegrain/device-sdk/formats/registration.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import { parseRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { parseRotation } from '@truegrain/device-sdk/formats/rotation.js';
import { describe, expect, test } from 'vitest';
import { mapOf, mapsWithin } from '../../support/cbor-map.ts';
import { samples } from '../../support/format-samples.ts';
import { memberSamples } from '../../support/member-samples.ts';
import { codeOf } from '../../support/result-code.ts';

type Parse = (bytes: Uint8Array) => Result<unknown>;

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
