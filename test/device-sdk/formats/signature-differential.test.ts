import { createHash, randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '../../../device-sdk/formats/bytes.ts';
import type { Alg, CoseKey } from '../../../device-sdk/formats/cose-key.ts';
import {
  checkPublicKey,
  precheckSignature,
  pureVerify,
  verifySignature,
} from '../../../device-sdk/formats/signature.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';
import { backends, nodeVerify, sodiumVerify } from '../../support/native-verify.ts';

/**
 * Verification is consensus code (DESIGN §4): with the pre-checks around them, noble, OpenSSL and
 * libsodium give one verdict. Wycheproof and speccheck run through the same three in test/vectors.
 */
const { Point } = ed25519;
const L = Point.Fn.ORDER;

function toLittleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'))!.reverse();
}
function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}
function modL(value: bigint): bigint {
  return ((value % L) + L) % L;
}
function sha512(...parts: Uint8Array[]): bigint {
  return modL(
    fromLittleEndian(
      createHash('sha512')
        .update(concat(...parts))
        .digest(),
    ),
  );
}

/** The eight points of the torsion subgroup: multiples of one of order 8. */
const generator = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
const torsion = Array.from({ length: 8 }, (_, i) => generator.multiplyUnsafe(BigInt(i)));

/** Non-canonical encodings of points: y + p for the y that fit, and x = 0 with the sign bit. */
const nonCanonical = [
  ...Array.from({ length: 19 }, (_, i) =>
    [0x7f, 0xff].map((top) => {
      const bytes = new Uint8Array(32).fill(0xff);
      bytes[0] = 0xed + i;
      bytes[31] = top;
      return bytes;
    }),
  ).flat(),
  fromHex(`01${'00'.repeat(30)}80`)!,
  fromHex(`ec${'ff'.repeat(31)}`)!,
];

interface Trial {
  alg: Alg;
  key: CoseKey;
  message: Uint8Array;
  signature: Uint8Array;
}

function edKey(x: Uint8Array): CoseKey {
  return { kty: 'OKP', crv: 'Ed25519', x };
}

/** What the ledger does: the key is checked at registration, the signature at every statement. */
function verdict(trial: Trial): boolean {
  const verdicts = backends.map(
    ([, native]) => checkPublicKey(trial.key).ok && verifySignature({ ...trial, native }),
  );
  if (new Set(verdicts).size !== 1) {
    throw new Error(
      `${verdicts.join(' ')} for ${JSON.stringify(trial, (_, v) => (v instanceof Uint8Array ? toHex(v) : v))}`,
    );
  }
  return verdicts[0]!;
}

/** A signature that satisfies the cofactored equation: A and R carry torsion, S = r + k·a (+ L). */
function crafted(options: {
  a: bigint;
  r: bigint;
  torsionA: number;
  torsionR: number;
  addL: boolean;
  message: Uint8Array;
}): Trial {
  const A = Point.BASE.multiplyUnsafe(options.a).add(torsion[options.torsionA]!).toBytes();
  const R = Point.BASE.multiplyUnsafe(options.r).add(torsion[options.torsionR]!).toBytes();
  const k = sha512(R, A, options.message);
  const s = modL(options.r + k * options.a) + (options.addL ? L : 0n);
  const signature = concat(R, toLittleEndian(s));
  return { alg: -8, key: edKey(A), message: options.message, signature };
}

const scalar = fc.bigInt({ min: 0n, max: L - 1n });
const message = fc.uint8Array({ maxLength: 80 });

describe('Ed25519 through noble, node:crypto and libsodium', () => {
  it('agrees on honest, bent and torsion-laden signatures', () => {
    const trial = fc.record({
      a: fc.oneof(scalar, fc.constantFrom(0n, 1n)),
      r: fc.oneof(scalar, fc.constantFrom(0n, 1n)),
      torsionA: fc.constantFrom(0, 0, 0, 1, 2, 4, 7),
      torsionR: fc.constantFrom(0, 0, 0, 1, 2, 4, 7),
      addL: fc.constantFrom(false, false, true),
      message,
    });
    let accepted = 0;
    fc.assert(
      fc.property(trial, (options) => {
        const clean = options.torsionA === 0 && options.torsionR === 0 && !options.addL;
        const good = clean && options.a !== 0n && options.r !== 0n;
        expect(verdict(crafted(options))).toBe(good);
        if (good) accepted++;
      }),
      { numRuns: 250 },
    );
    expect(accepted).toBeGreaterThan(0);
  }, 60_000);

  it('agrees on flipped bits and random bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        message,
        fc.nat(1023),
        (secret, text, flip) => {
          const signer = softSigner(-8, secret);
          const signature = signer.sign(text);
          const key = Uint8Array.from((signer.key as { x: Uint8Array }).x);
          const target = flip < 512 ? signature : key;
          const at = Math.floor(flip / 8) % target.length;
          expect(verdict({ alg: -8, key: signer.key, message: text, signature })).toBe(true);
          target[at]! ^= 1 << (flip % 8);
          expect(verdict({ alg: -19, key: edKey(key), message: text, signature })).toBe(false);
          const noise = Uint8Array.from(randomBytes(64));
          expect(verdict({ alg: -8, key: signer.key, message: text, signature: noise })).toBe(
            false,
          );
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('refuses every small-order and non-canonical R and A', () => {
    const text = utf8('crafted');
    const odd = [...torsion.map((point) => point.toBytes()), ...nonCanonical];
    for (const point of odd) {
      // S = k·a makes the identity as R satisfy even the cofactorless equation.
      const a = 12345n;
      const A = Point.BASE.multiplyUnsafe(a).toBytes();
      const s = toLittleEndian(modL(sha512(point, A, text) * a));
      const asR = { alg: -8, key: edKey(A), message: text, signature: concat(point, s) } as const;
      expect(verdict(asR)).toBe(false);
      // A of small order: S = r works for every k divisible by its order.
      const R = Point.BASE.multiplyUnsafe(77n).toBytes();
      const signature = concat(R, toLittleEndian(77n));
      expect(checkPublicKey(edKey(point)).ok).toBe(false);
      expect(verdict({ alg: -8, key: edKey(point), message: text, signature })).toBe(false);
    }
  }, 60_000);

  it('would disagree without the pre-checks: each of them is needed', () => {
    const text = utf8('a message');
    const base = { a: 5n, r: 7n, torsionA: 0, torsionR: 0, addL: false, message: text };
    const run = (trial: Trial, backend: typeof nodeVerify) =>
      backend(trial.key, trial.message, trial.signature);
    // Torsion in R: noble's own verify accepts, ours and the natives don't.
    const mixedR = crafted({ ...base, torsionR: 4 });
    const x = (mixedR.key as { x: Uint8Array }).x;
    expect(ed25519.verify(mixedR.signature, text, x, { zip215: false })).toBe(true);
    expect([pureVerify, nodeVerify, sodiumVerify].map((b) => run(mixedR, b))).toEqual([
      false,
      false,
      false,
    ]);
    // The identity as R: OpenSSL accepts, libsodium doesn't.
    const smallR = crafted({ ...base, r: 0n });
    expect(run(smallR, nodeVerify)).toBe(true);
    expect(run(smallR, sodiumVerify)).toBe(false);
    expect(precheckSignature(-8, smallR.signature)).toBe(false);
  });

  it('refuses a torsion-laden key at registration where every library takes its signature', () => {
    // With 2 | k a key with a part of order 2 satisfies the cofactorless equation.
    for (let i = 0; i < 64; i++) {
      const base = { a: 5n, r: 7n, torsionA: 4, torsionR: 0, addL: false };
      const trial = crafted({ ...base, message: utf8(`grind ${i}`) });
      if (!nodeVerify(trial.key, trial.message, trial.signature)) continue;
      expect(sodiumVerify(trial.key, trial.message, trial.signature)).toBe(true);
      const checked = checkPublicKey(trial.key);
      expect(checked.ok ? 'ok' : checked.code).toBe('key_torsion');
      return;
    }
    throw new Error('no message ground');
  });
});

describe('ES256 through noble and node:crypto', () => {
  const n = p256.Point.Fn.ORDER;
  const big = (value: bigint) => fromHex(value.toString(16).padStart(64, '0'))!;
  const from = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);

  it('takes high and low S, refuses r and s outside [1, n-1], and agrees on flipped bits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        message,
        fc.nat(1023),
        (seed, text, flip) => {
          const signer = softSigner(-7, big(BigInt(seed)));
          const key = signer.key as CoseKey & { kty: 'EC2' };
          const signature = signer.sign(text);
          const [r, s] = [signature.slice(0, 32), signature.slice(32)];
          const trial = { alg: -9, key, message: text } as const;
          expect(verdict({ ...trial, signature })).toBe(true);
          expect(verdict({ ...trial, signature: concat(r, big(n - from(s))) })).toBe(true);
          const bent = Uint8Array.from(concat(signature, key.x, key.y));
          bent[Math.floor(flip / 8)]! ^= 1 << (flip % 8);
          const bentKey = { ...key, x: bent.slice(64, 96), y: bent.slice(96) };
          const bentTrial = { alg: -7, key: bentKey, message: text } as const;
          expect(verdict({ ...bentTrial, signature: bent.slice(0, 64) })).toBe(false);
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it('refuses the edges of the range and signatures of another length', () => {
    const signer = softSigner(-7, big(9n));
    const text = utf8('edges');
    const signature = signer.sign(text);
    const [r, s] = [signature.slice(0, 32), signature.slice(32)];
    const max = fromHex('ff'.repeat(32))!;
    const outside = [big(0n), big(n), big(n + 1n), max];
    const candidates = outside.flatMap((edge) => [
      concat(edge, s),
      concat(r, edge),
      concat(edge, edge),
    ]);
    candidates.push(signature.slice(0, 63), concat(signature, big(0n)), new Uint8Array(0));
    for (const candidate of candidates) {
      expect(precheckSignature(-7, candidate)).toBe(false);
      expect(verdict({ alg: -7, key: signer.key, message: text, signature: candidate })).toBe(
        false,
      );
    }
    for (const edge of [big(1n), big(n - 1n)]) {
      expect(precheckSignature(-7, concat(edge, edge))).toBe(true);
      verdict({ alg: -7, key: signer.key, message: text, signature: concat(edge, edge) });
    }
  });

  it('refuses keys off the curve, at or above p, and at infinity', () => {
    const p = p256.Point.Fp.ORDER;
    const { x, y } = softSigner(-7, big(3n)).key as CoseKey & { kty: 'EC2' };
    for (const [badX, badY] of [
      [big(0n), big(0n)],
      [x, big(from(y) ^ 1n)],
      [big(from(x) + p > 2n ** 256n - 1n ? p : from(x) + p), y],
      [x, big(p)],
    ] as const) {
      const key: CoseKey = { kty: 'EC2', crv: 'P-256', x: badX, y: badY };
      expect(checkPublicKey(key)).toMatchObject({ ok: false, code: 'key_not_on_curve' });
    }
  });
});
