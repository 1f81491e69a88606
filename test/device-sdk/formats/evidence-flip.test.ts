import { createHash } from 'node:crypto';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useSha256 } from '../../../device-sdk/formats/sha256.ts';
import { type EvidenceTrust, verifyEvidence } from '../../../device-sdk/formats/verify-evidence.ts';
import { sodiumVerify } from '../../support/native-verify.ts';
import { SampleLedger } from '../../support/sample-ledger.ts';

/** Bits whose change neither fails nor leaves the report as it was, byte for byte. */
function survivors(file: Uint8Array, trust: EvidenceTrust, step: number): number[] {
  const sound = verifyEvidence(file, trust, sodiumVerify);
  expect(sound.verdict).toBe('verified');
  const said = JSON.stringify(sound);
  const bytes = Uint8Array.from(file);
  const odd: number[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit += step) {
    const mask = 1 << (bit & 7);
    bytes[bit >> 3]! ^= mask;
    const report = verifyEvidence(bytes, trust, sodiumVerify);
    bytes[bit >> 3]! ^= mask;
    if (report.verdict !== 'failed' && JSON.stringify(report) !== said) odd.push(bit);
  }
  return odd;
}

describe('a flipped bit of an evidence file', () => {
  beforeAll(() => useSha256((bytes) => createHash('sha256').update(bytes).digest()));
  afterAll(() => useSha256(nobleSha256));

  const ledger = new SampleLedger({ members: ['acme', 'bolt'], quorum: 1 });
  ledger.accept();
  const device = ledger.device('1', -7);
  ledger.register(device);
  const leaf = ledger.batch([ledger.readings(device, [4.1]), ledger.readings(device, [4.2])])
    .leaves[1]!;
  const file = ledger.evidenceFile(leaf);
  const { policy, ledgerId } = ledger;

  // A cosigner more than the quorum asks for: losing its line would show, and must not pass.
  it(`fails or says the very same: every bit of ${file.length} bytes, under a policy`, () => {
    expect(file.length).toBeLessThan(8_192);
    expect(survivors(file, { policy }, 1)).toEqual([]);
  }, 120_000);

  it('and under a ledger id, every 13th', () => {
    expect(survivors(file, { ledgerId }, 13)).toEqual([]);
  }, 120_000);
});
