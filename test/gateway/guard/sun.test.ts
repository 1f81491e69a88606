import { createCipheriv } from 'node:crypto';
import { concat, fromHex, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { describe, expect, test } from 'vitest';
import { aesCmac } from '../../../gateway/guard/aes-cmac.ts';
import { isFreshTap, readSun, type SunKeys } from '../../../gateway/guard/sun.ts';

const hex = (text: string) => fromHex(text.toLowerCase()) ?? new Uint8Array();
const zero = new Uint8Array(16);
const keys: SunKeys = { metaReadKey: zero, fileReadKey: zero };

describe('AES-CMAC, RFC 4493 §4', () => {
  const key = hex('2b7e151628aed2a6abf7158809cf4f3c');
  const message =
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';

  test.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('%i bytes', (length, mac) => {
    expect(toHex(aesCmac(key, hex(message).subarray(0, length)))).toBe(mac);
  });
});

describe('NXP AN12196, keys of zeros', () => {
  const plain = {
    picc: 'EF963FF7828658A599F3041510671E88',
    cmac: '94EED9EE65337086',
  };
  const file = {
    picc: 'FD91EC264309878BE6345CBE53BADF40',
    enc: 'CEE9A53E3E463EF1F459635736738962',
    cmac: 'ECC1E7F6C6C73BF6',
  };

  test('page 12: UID and counter', () => {
    const tap = { uid: hex('04de5f1eacc040'), counter: 61, fileData: null };
    expect(readSun(plain, keys)).toEqual({ ok: true, value: tap });
    const url = `https://ntag.nxp.com/424?e=${plain.picc}&c=${plain.cmac}`;
    expect(readSun(url, keys)).toEqual({ ok: true, value: tap });
  });

  test('page 18: and encrypted file data', () => {
    const tap = { uid: hex('04958caa5c5e80'), counter: 8, fileData: 'xxxxxxxxxxxxxxxx' };
    expect(readSun(file, keys)).toEqual({ ok: true, value: tap });
    const url = `https://www.my424dna.com/?picc_data=${file.picc}&enc=${file.enc}&cmac=${file.cmac}`;
    expect(readSun(url, keys)).toEqual({ ok: true, value: tap });
  });

  test('a MAC of the even bytes, which one public snippet takes, is wrong', () => {
    const full = aesCmac(
      aesCmac(zero, hex('3cc300010080' + '04de5f1eacc040' + '3d0000')),
      new Uint8Array(),
    );
    const pick = (odd: number) => toHex(full.filter((_, i) => i % 2 === odd)).toUpperCase();
    expect(pick(1)).toBe(plain.cmac);
    expect(readSun({ ...plain, cmac: pick(0) }, keys)).toMatchObject({ code: 'sun_mac' });
  });

  test('every changed bit is refused', () => {
    const parts = ['picc', 'enc', 'cmac'] as const;
    for (const part of parts) {
      for (let bit = 0; bit < file[part].length * 4; bit += 1) {
        const bytes = hex(file[part]);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const changed = readSun({ ...file, [part]: toHex(bytes).toUpperCase() }, keys);
        const code = changed.ok ? 'accepted' : changed.code;
        expect(['sun_mac', 'sun_picc'], `${part} bit ${bit}`).toContain(code);
      }
    }
  });

  test('file data of one tap does not go with the MAC of another, nor without', () => {
    expect(readSun({ ...plain, enc: file.enc }, keys)).toMatchObject({ code: 'sun_mac' });
    const { picc, cmac } = file;
    expect(readSun({ picc, cmac }, keys)).toMatchObject({ code: 'sun_mac' });
    expect(readSun({ ...file, cmacName: 'c' }, keys)).toMatchObject({ code: 'sun_mac' });
  });

  test("another owner's tag", () => {
    const other = Uint8Array.of(...zero.subarray(1), 1);
    expect(readSun(plain, { ...keys, metaReadKey: other })).toMatchObject({ code: 'sun_picc' });
    expect(readSun(plain, { ...keys, fileReadKey: other })).toMatchObject({ code: 'sun_mac' });
  });

  test.each([
    ['nothing', ''],
    ['no MAC', `https://x/?e=${plain.picc}`],
    ['small letters', `https://x/?e=${plain.picc.toLowerCase()}&c=${plain.cmac}`],
    ['something behind the MAC', `https://x/?e=${plain.picc}&c=${plain.cmac}&x=1`],
    ['something between', `https://x/?e=${plain.picc}&x=1&c=${plain.cmac}`],
    ['the MAC before', `https://x/?c=${plain.cmac}&e=${plain.picc}`],
    ['a URL without end', `https://x/${'x'.repeat(1_000)}?e=${plain.picc}&c=${plain.cmac}`],
    ['half a block', `https://x/?e=${plain.picc}&enc=${'0'.repeat(48)}&c=${plain.cmac}`],
    ['too much file', `https://x/?e=${plain.picc}&enc=${'0'.repeat(544)}&c=${plain.cmac}`],
  ])('is no message of a tag: %s', (_, url) => {
    expect(readSun(url, keys)).toMatchObject({ ok: false, code: 'sun_form' });
  });

  test.each([
    { ...plain, picc: plain.picc.slice(2) },
    { ...plain, cmac: `${plain.cmac}00` },
    { ...plain, cmac: 'zz' },
    { ...plain, enc: '' },
    { ...plain, enc: 'XY' },
  ])('nor are the parts %o', (parts) => {
    expect(readSun(parts, keys)).toMatchObject({ ok: false, code: 'sun_form' });
  });
});

describe('a tag made here', () => {
  const metaReadKey = hex('000102030405060708090a0b0c0d0e0f');
  const uid = hex('04112233445566');
  const ownKey = (of: Uint8Array) => aesCmac(hex('f0'.repeat(16)), concat(utf8('tag'), of));

  function encrypt(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
    const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
    return Uint8Array.from(cipher.update(bytes));
  }

  function tap({ counter = 1, tag = 0xc7, data = utf8('CC'.padEnd(16)) } = {}): string {
    const count = Uint8Array.of(counter & 255, (counter >> 8) & 255, counter >> 16);
    const picc = encrypt(
      metaReadKey,
      zero,
      concat(Uint8Array.of(tag), uid, count, hex('a5a5a5a5a5')),
    );
    const session = (label: string) => aesCmac(ownKey(uid), concat(hex(label), uid, count));
    const iv = encrypt(session('c33c00010080'), zero, concat(count, new Uint8Array(13)));
    const enc = toHex(encrypt(session('c33c00010080'), iv, data)).toUpperCase();
    const mac = aesCmac(session('3cc300010080'), utf8(`${enc}&cmac=`));
    const cut = mac.filter((_, i) => i % 2 === 1);
    return `https://t.example/?picc_data=${toHex(picc).toUpperCase()}&enc=${enc}&cmac=${toHex(cut).toUpperCase()}`;
  }

  test('with its own key, and a counter of three bytes', () => {
    const own = { metaReadKey, fileReadKey: ownKey };
    const value = { uid, counter: 0x0a0b0c, fileData: 'CC              ' };
    expect(readSun(tap({ counter: 0x0a0b0c }), own)).toEqual({ ok: true, value });
    const shared = { metaReadKey, fileReadKey: ownKey(hex('04112233445567')) };
    expect(readSun(tap(), shared)).toMatchObject({ code: 'sun_mac' });
  });

  test('that mirrors no counter, or no UID', () => {
    const own = { metaReadKey, fileReadKey: ownKey };
    for (const tag of [0x87, 0x47, 0xc4, 0x07]) {
      expect(readSun(tap({ tag }), own)).toMatchObject({ code: 'sun_picc' });
    }
  });

  test('whose file is no text', () => {
    const own = { metaReadKey, fileReadKey: ownKey };
    const data = new Uint8Array(16).fill(0xff);
    expect(readSun(tap({ data }), own)).toMatchObject({ code: 'sun_form' });
  });
});

test('a counter that is not above the last was shown before', () => {
  expect(isFreshTap(null, 0)).toBe(true);
  expect(isFreshTap(8, 9)).toBe(true);
  expect(isFreshTap(8, 8)).toBe(false);
  expect(isFreshTap(8, 7)).toBe(false);
});
