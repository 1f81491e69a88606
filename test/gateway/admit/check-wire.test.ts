import { REFUSAL_CODES } from '@truegrain/device-sdk/formats/refusal.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Checked } from '../../../gateway/admit/check.ts';
import {
  packAnswer,
  packFrames,
  unpackAnswer,
  unpackFrames,
} from '../../../gateway/admit/check-wire.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const code = fc.constantFrom(...REFUSAL_CODES);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const refused = fc.record({
  authentic: fc.constant(false as const),
  code,
  id: maybe(bytes32),
});
const accepted = fc.record({
  authentic: fc.constant(true as const),
  facts: fc.record({
    keyNo: fc.nat({ max: 0xffffffff }),
    id: bytes32,
    leafHash: bytes32,
    sub: fc.string(),
    iat: fc.maxSafeNat(),
    seq: fc.maxSafeNat(),
    prev: maybe(bytes32),
    quality: fc.nat(5),
    firstMs: maybe(fc.maxSafeNat()),
    lastMs: maybe(fc.maxSafeNat()),
    mismatch: fc.constantFrom(null, 'wrong_ledger' as const, 'iss_mismatch' as const),
  }),
  verdict: fc.record({
    code: maybe(code),
    suspect: fc.boolean(),
    summary: maybe(fc.float64Array({ maxLength: 27 })),
  }),
});
const frame = fc.uint8Array({ minLength: 2, maxLength: 80 });
/** Where the entry ends in its frame, or whether it was cut out of a longer statement. */
const cases = fc.array(fc.tuple(frame, fc.oneof(refused, accepted), fc.boolean()), {
  maxLength: 12,
});

test('frames and verdicts are the same on the other side', () => {
  fc.assert(
    fc.property(cases, (sent) => {
      const buffer = packFrames(sent.map(([bytes]) => bytes));
      const frames = unpackFrames(buffer);
      expect(frames).toEqual(sent.map(([bytes]) => bytes));
      const results = sent.map(([, result, isCut], i): Checked => {
        if (!result.authentic) return result;
        const own = frames[i]!;
        const half = own.length >> 1;
        const entry = isCut ? own.slice(0, half) : own.subarray(0, half);
        return { ...result, facts: { ...result.facts, entry }, content: own.subarray(half) };
      });
      const answer = packAnswer(results, buffer);
      // As the other thread gets it: every buffer moved, nothing shared.
      const transfer = [answer.frames, answer.rows, answer.summaries];
      const moved = structuredClone(answer, { transfer });
      expect(unpackAnswer(moved)).toEqual(
        results.map((result, i) => {
          if (!result.authentic) return result;
          const bytes = sent[i]![0];
          const half = bytes.length >> 1;
          const facts = { ...result.facts, entry: bytes.slice(0, half) };
          return { ...result, facts, content: bytes.slice(half) };
        }),
      );
    }),
    { numRuns: 200 },
  );
});
