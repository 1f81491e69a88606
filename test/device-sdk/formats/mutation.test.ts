import { parseAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { encodeAnswer, parseAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { encodeBatch, parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { encodeBoot, parseBoot } from '@truegrain/device-sdk/formats/boot.js';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { encodeCharter, parseCharter } from '@truegrain/device-sdk/formats/charter.js';
import { encodeDeparture, parseDeparture } from '@truegrain/device-sdk/formats/departure.js';
import { encodeDownlink, parseDownlink } from '@truegrain/device-sdk/formats/downlink.js';
import { encodeEndpoint, parseEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { verifyEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { encodeErasure, parseErasure } from '@truegrain/device-sdk/formats/erasure.js';
import { encodeException, parseException } from '@truegrain/device-sdk/formats/exception.js';
import { encodeFrame, parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { encodeGap, parseGap } from '@truegrain/device-sdk/formats/gap.js';
import { encodeGrant, parseGrant } from '@truegrain/device-sdk/formats/grant.js';
import { encodeLedgerTx, parseLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { MEDIA_RECALL } from '@truegrain/device-sdk/formats/media-types.js';
import { encodeMemberCard, parseMemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { encodeProposal, parseProposal } from '@truegrain/device-sdk/formats/proposal.js';
import {
  encodeRegistration,
  parseRegistration,
} from '@truegrain/device-sdk/formats/registration.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import { encodeRevocation, parseRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { encodeRotation, parseRotation } from '@truegrain/device-sdk/formats/rotation.js';
import { parseSenmlCbor } from '@truegrain/device-sdk/formats/senml.js';
import { parseSenmlJson } from '@truegrain/device-sdk/formats/senml-json.js';
import { resolveSenml } from '@truegrain/device-sdk/formats/senml-resolve.js';
import { verifyReport } from '@truegrain/device-sdk/formats/signed-report.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEVICE,
  deviceSigner,
  ledgerId,
  logSigner,
  receipt,
  samples,
} from '../../support/format-samples.ts';
import { memberSamples } from '../../support/member-samples.ts';

type Parse = (bytes: Uint8Array) => Result<unknown>;

/** Each parser with a sample; `again` encodes what was parsed. */
const all = { ...samples, ...memberSamples };
const cases: { name: keyof typeof all; parse: Parse; again?: (value: never) => Uint8Array }[] = [
  { name: 'pack', parse: parsePack },
  { name: 'relativePack', parse: parsePack },
  { name: 'charter', parse: parseCharter, again: encodeCharter },
  { name: 'acceptance', parse: parseAcceptance },
  { name: 'registration', parse: parseRegistration, again: encodeRegistration },
  { name: 'rotation', parse: parseRotation, again: encodeRotation },
  { name: 'revocation', parse: parseRevocation, again: encodeRevocation },
  { name: 'erasure', parse: parseErasure, again: encodeErasure },
  { name: 'batch', parse: parseBatch, again: encodeBatch },
  { name: 'boot', parse: parseBoot, again: encodeBoot },
  { name: 'gap', parse: parseGap, again: encodeGap },
  { name: 'frame', parse: parseFrame, again: encodeFrame },
  { name: 'receipted', parse: parseDownlink, again: encodeDownlink },
  { name: 'refused', parse: parseDownlink, again: encodeDownlink },
  { name: 'parked', parse: parseDownlink, again: encodeDownlink },
  { name: 'admission', parse: parseProposal, again: encodeProposal },
  { name: 'newTerms', parse: parseProposal, again: encodeProposal },
  { name: 'keyChange', parse: parseProposal, again: encodeProposal },
  { name: 'retirement', parse: parseProposal, again: encodeProposal },
  { name: 'answer', parse: parseAnswer, again: encodeAnswer },
  { name: 'exception', parse: parseException, again: encodeException },
  { name: 'departure', parse: parseDeparture, again: encodeDeparture },
  { name: 'endpoint', parse: parseEndpoint, again: encodeEndpoint },
  { name: 'grant', parse: parseGrant, again: encodeGrant },
  { name: 'memberCard', parse: parseMemberCard, again: encodeMemberCard },
  { name: 'batchTx', parse: parseLedgerTx, again: encodeLedgerTx },
  { name: 'governanceTx', parse: parseLedgerTx, again: encodeLedgerTx },
];

/** A refusal has a code; what is accepted is deterministic and says itself again, byte for byte. */
function isJudged(parse: Parse, bytes: Uint8Array, again?: (value: never) => Uint8Array): void {
  const result = parse(bytes);
  if (!result.ok) {
    if (!/^[a-z_]+$/.test(result.code)) throw new Error(`no code: ${result.code}`);
    return;
  }
  const strict = parseCbor(bytes);
  if (!strict.ok) throw new Error(`accepted, but ${strict.code}`);
  // Not toEqual: this runs for some 50,000 changes.
  if (again && !equal(again(result.value as never), bytes)) throw new Error('says another thing');
}

describe('changed bytes', () => {
  test.each(cases)('$name: flipped bits are judged', ({ name, parse, again }) => {
    const sample = all[name];
    isJudged(parse, sample, again);
    // Keys and signatures fill the long samples: an odd step visits every bit position in turn.
    const step = sample.length > 1_000 ? 5 : 1;
    for (let bit = 0; bit < sample.length * 8; bit += step) {
      const flipped = Uint8Array.from(sample);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      isJudged(parse, flipped, again);
    }
  });

  test.each(cases)('$name: every prefix is refused', ({ name, parse }) => {
    const sample = all[name];
    for (let length = 0; length < sample.length; length++) {
      expect(parse(sample.subarray(0, length)).ok).toBe(false);
    }
    expect(parse(new Uint8Array([...sample, 0])).ok).toBe(false);
  });

  test.each(cases)('$name: cut, doubled and random bytes are judged', ({ name, parse, again }) => {
    const sample = all[name];
    const inside = fc.nat(sample.length);
    fc.assert(
      fc.property(inside, inside, fc.uint8Array({ maxLength: 12 }), (from, to, bytes) => {
        isJudged(
          parse,
          Uint8Array.of(...sample.subarray(0, from), ...bytes, ...sample.subarray(to)),
          again,
        );
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => isJudged(parse, bytes, again)),
      { numRuns: 200 },
    );
  });

  test('an enrolment proof: no flipped bit verifies', () => {
    const expected = { device: DEVICE, key: deviceSigner.key, ledgerId };
    // Signatures cost: every bit of the structure, and every 16th of key, payload and signature.
    for (let bit = 0; bit < samples.enrolment.length * 8; bit += bit < 1_000 ? 5 : 16) {
      const flipped = Uint8Array.from(samples.enrolment);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const result = verifyEnrolmentProof(flipped, { ...expected });
      // The token alone is free for who doesn't know it, but the signature covers it.
      expect(result.ok).toBe(false);
    }
  });

  test('a signed report: no flipped bit verifies, and no other structure is one', () => {
    const options = {
      contentType: MEDIA_RECALL,
      keyOf: (kid: Uint8Array) => (equal(kid, logSigner.kid) ? logSigner.key : null),
    };
    const sample = samples.signedReport;
    expect(verifyReport(sample, options).ok).toBe(true);
    const signatureAt = (sample.length - 64) * 8;
    for (let bit = 0; bit < sample.length * 8; bit += bit < signatureAt ? 5 : 16) {
      const flipped = Uint8Array.from(sample);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifyReport(flipped, options).ok, `bit ${bit}`).toBe(false);
    }
    for (const [name, bytes] of Object.entries({ ...samples, receipt })) {
      if (name !== 'signedReport') expect(verifyReport(bytes, options).ok, name).toBe(false);
    }
    expect(parseStatement(sample).ok).toBe(false);
  });

  test('foreign SenML, both forms: whatever comes is judged', () => {
    const json = new TextEncoder().encode(
      '[{"bn":"a:","bt":1e9,"n":"b","v":1.5,"vd":"AA"},{"n_":1}]',
    );
    fc.assert(
      fc.property(fc.nat(json.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(json);
        changed[at] = byte;
        const parsed = parseSenmlJson(changed);
        if (parsed.ok) resolveSenml(parsed.value, 1e9);
      }),
    );
    fc.assert(
      fc.property(fc.nat(samples.pack.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(samples.pack);
        changed[at] = byte;
        const parsed = parseSenmlCbor(changed);
        if (parsed.ok) resolveSenml(parsed.value, null);
      }),
    );
  });
});
