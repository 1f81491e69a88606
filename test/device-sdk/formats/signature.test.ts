import { describe, expect, it, vi } from 'vitest';
import { fromHex, utf8 } from '../../../device-sdk/formats/bytes.ts';
import type { Alg } from '../../../device-sdk/formats/cose-key.ts';
import { checkPublicKey, verifySignature } from '../../../device-sdk/formats/signature.ts';
import { newSecret, softSigner } from '../../../device-sdk/formats/signer.ts';

const es256 = softSigner(-7, fromHex('11'.repeat(32))!);
const eddsa = softSigner(-8, fromHex('22'.repeat(32))!);
const message = utf8('a message, never its digest');

describe('verifySignature', () => {
  it('takes -7 and -9 on P-256 only, -8 and -19 on Ed25519 only', () => {
    for (const signer of [es256, eddsa]) {
      const signature = signer.sign(message);
      const fits: readonly Alg[] = signer === es256 ? [-7, -9] : [-8, -19];
      for (const alg of [-7, -8, -9, -19] as const) {
        const verdict = verifySignature({ alg, key: signer.key, message, signature });
        expect(verdict).toBe(fits.includes(alg));
      }
    }
  });

  it('calls the native verifier only inside the acceptance set, and believes it', () => {
    const native = vi.fn(() => true);
    const signature = eddsa.sign(message);
    const key = eddsa.key;
    expect(verifySignature({ alg: -8, key, message, signature, native })).toBe(true);
    expect(native).toHaveBeenCalledExactlyOnceWith(key, message, signature);
    const outside = [new Uint8Array(64), signature.slice(1), fromHex('ff'.repeat(64))!];
    for (const bad of outside) {
      expect(verifySignature({ alg: -8, key, message, signature: bad, native })).toBe(false);
    }
    expect(verifySignature({ alg: -7, key, message, signature, native })).toBe(false);
    expect(native).toHaveBeenCalledTimes(1);
    native.mockReturnValue(false);
    expect(verifySignature({ alg: -8, key, message, signature, native })).toBe(false);
  });

  it('says no, without throwing, for a key that is no point', () => {
    const x = fromHex(`02${'00'.repeat(31)}`)!;
    const ed = { kty: 'OKP', crv: 'Ed25519', x } as const;
    expect(checkPublicKey(ed)).toMatchObject({ ok: false, code: 'key_not_on_curve' });
    const signature = eddsa.sign(message);
    expect(verifySignature({ alg: -8, key: ed, message, signature })).toBe(false);
    const ec = { kty: 'EC2', crv: 'P-256', x, y: x } as const;
    expect(checkPublicKey(ec)).toMatchObject({ ok: false, code: 'key_not_on_curve' });
    const p256Signature = es256.sign(message);
    expect(verifySignature({ alg: -7, key: ec, message, signature: p256Signature })).toBe(false);
  });
});

describe('checkPublicKey', () => {
  it.each([
    [`ee${'ff'.repeat(30)}7f`, 'key_not_canonical'],
    [`01${'00'.repeat(31)}`, 'key_small_order'],
    [`00${'00'.repeat(30)}80`, 'key_small_order'],
    [`ec${'ff'.repeat(30)}7f`, 'key_small_order'],
    ['26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85', 'key_small_order'],
    ['00', 'key_malformed'],
  ])('%s is %s', (x, code) => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: fromHex(x)! } as const;
    expect(checkPublicKey(key)).toMatchObject({ ok: false, code });
  });

  it('passes what a signer has', () => {
    for (const signer of [es256, eddsa]) expect(checkPublicKey(signer.key).ok).toBe(true);
  });
});

describe('newSecret', () => {
  it('draws again where P-256 has no such scalar', () => {
    const draws = [fromHex('ff'.repeat(32))!, new Uint8Array(32), fromHex('11'.repeat(32))!];
    const secret = newSecret(-7, () => draws.shift()!);
    expect(secret).toEqual(fromHex('11'.repeat(32)));
    expect(softSigner(-7, secret).kid).toEqual(es256.kid);
  });

  it('keeps its own copy of the secret', () => {
    const secret = fromHex('22'.repeat(32))!;
    const signer = softSigner(-8, secret);
    secret.fill(0);
    expect(signer.sign(message)).toEqual(eddsa.sign(message));
  });
});
