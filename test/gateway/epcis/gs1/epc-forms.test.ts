import { checkDigit } from '@truegrain/device-sdk/formats/gs1-check-digit.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDigitalLink, parseDigitalLink } from '../../../../gateway/epcis/gs1/digital-link.ts';
import { canonicalUri, epcFault, toEpcUrn } from '../../../../gateway/epcis/gs1/epc-translation.ts';
import { formatEpcUrn, parseEpcUrn, prefixStart } from '../../../../gateway/epcis/gs1/epc-urn.ts';
import { KEY_SAMPLES, referenceCheckDigit } from '../../../support/epc-samples.ts';

const PREFIXES = [6, 7, 8, 9, 10, 11, 12];

/** URN of the Tag Data Standard's own kind of example, its link, and the digits of its prefix. */
const PAIRS = [
  ['urn:epc:id:sgtin:0614141.112345.400', '01/10614141123459/21/400', 7],
  ['urn:epc:id:sgtin:0614141.112345.*', '01/10614141123459/21/%2A', 7],
  ['urn:epc:class:lgtin:4012345.012345.Lot987', '01/04012345123456/10/Lot987', 7],
  ['urn:epc:idpat:sgtin:0614141.112345.*', '01/10614141123459', 7],
  [
    'urn:epc:id:upui:1234567.098765.51qIgY)%3C%26Jp3*j7',
    '01/01234567987651/235/51qIgY%29%3C%26Jp3%2Aj7',
    7,
  ],
  ['urn:epc:id:itip:4012345.012345.01.02.987', '8006/040123451234560102/21/987', 7],
  ['urn:epc:idpat:itip:4012345.012345.01.02.*', '8006/040123451234560102', 7],
  ['urn:epc:id:sscc:0614141.1234567890', '00/106141412345678908', 7],
  ['urn:epc:id:sgln:0614141.12345.400', '414/0614141123452/254/400', 7],
  ['urn:epc:id:sgln:0614141.12345.0', '414/0614141123452', 7],
  ['urn:epc:id:pgln:0614141.12345', '417/0614141123452', 7],
  ['urn:epc:id:pgln:999999999999.', '417/9999999999994', 12],
  ['urn:epc:id:grai:0614141.12345.400', '8003/00614141123452400', 7],
  ['urn:epc:idpat:grai:0614141.12345.*', '8003/00614141123452', 7],
  ['urn:epc:id:giai:0614141.12345400', '8004/061414112345400', 7],
  ['urn:epc:id:gsrn:0614141.1234567890', '8018/061414112345678902', 7],
  ['urn:epc:id:gsrnp:0614141.1234567890', '8017/061414112345678902', 7],
  ['urn:epc:id:gdti:0614141.12345.006847', '253/0614141123452006847', 7],
  ['urn:epc:id:gdti:987659999999..9', '253/98765999999929', 12],
  ['urn:epc:id:sgcn:4012345.67890.04711', '255/401234567890104711', 7],
  [
    'urn:epc:id:cpi:0614141.123ABC-A%23%2F.123456789',
    '8010/0614141123ABC-A%23%2F/8011/123456789',
    7,
  ],
  ['urn:epc:idpat:cpi:0614141.123ABC.*', '8010/0614141123ABC', 7],
  ['urn:epc:id:ginc:0614141.xyz47%2F11', '401/0614141xyz47%2F11', 7],
  ['urn:epc:id:gsin:0614141.123456789', '402/06141411234567890', 7],
] as const;

describe('the two forms of an EPC', () => {
  test.each(PAIRS)('%s', (urn, path, prefixDigits) => {
    const link = `https://id.gs1.org/${path}`;
    expect(canonicalUri(urn)).toBe(link);
    expect(canonicalUri(link)).toBe(link);
    expect(toEpcUrn(link, () => prefixDigits)).toBe(urn);
    expect([epcFault(urn), epcFault(link)]).toEqual([null, null]);
    expect(toEpcUrn(link, () => null)).toBe(link);
  });

  test.each(Object.keys(KEY_SAMPLES))('any key under (%s) goes through both and back', (ai) => {
    fc.assert(
      fc.property(KEY_SAMPLES[ai]!, fc.constantFrom(...PREFIXES), (key, prefixDigits) => {
        const link = formatDigitalLink(key);
        expect(parseDigitalLink(link)).toEqual({ ok: true, value: key });
        const urn = formatEpcUrn(key, prefixDigits);
        const hasUrn = !(ai === '8006' && key.qualifier?.[0] === '10');
        expect(urn !== null).toBe(hasUrn);
        if (urn === null) return;
        expect(parseEpcUrn(urn)).toEqual({ ok: true, value: key });
        expect(canonicalUri(urn)).toBe(link);
        expect(toEpcUrn(link, () => prefixDigits)).toBe(urn);
      }),
    );
  });

  test.each(Object.keys(KEY_SAMPLES))(
    'a key under (%s) with a wrong digit, or no prefix, is refused',
    (ai) => {
      const isText = ['401', '8004', '8010'].includes(ai);
      if (isText)
        return expect(epcFault(`https://id.gs1.org/${ai}/X123456`)).toMatch(/^epc_digits/);
      fc.assert(
        fc.property(KEY_SAMPLES[ai]!, fc.nat(12), fc.integer({ min: 1, max: 9 }), (key, at, by) => {
          const digit = String((Number(key.value[at]) + by) % 10);
          const value = `${key.value.slice(0, at)}${digit}${key.value.slice(at + 1)}`;
          const wrong = formatDigitalLink({ ...key, value });
          const elsewhere = wrong.replace('id.gs1.org', 'example.com/shop');
          for (const uri of [wrong, elsewhere]) {
            expect(epcFault(uri)).toMatch(/^epc_(check_digit|digits)/);
            expect(canonicalUri(uri)).toBe(uri);
          }
        }),
      );
    },
  );

  test('the check digit agrees with a literal one', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,17}$/), (digits) => {
        expect(checkDigit(digits)).toBe(referenceCheckDigit(digits));
      }),
    );
  });
});

describe('links that others write', () => {
  test.each([
    ['https://example.com/gtin/09780345418913/21/765tz?abc=211121', '01/09780345418913/21/765tz'],
    ['http://example.com:8080/some/path/01/4006381333931', '01/04006381333931'],
    ['https://id.gs1.org/01/614141123452', '01/00614141123452'],
    ['https://example.com/01/09780345418913/22/2A/10/L1/21/S1#top', '01/09780345418913/21/S1'],
    ['https://example.com/01/09780345418913/22/2A', '01/09780345418913'],
    ['https://example.com/gln/0614141123452/254/0/', '414/0614141123452'],
    ['https://example.com/cpid/0614141123ABC/8011/7', '8010/0614141123ABC/8011/7'],
    ["https://example.com/01/09780345418913/21/a'b=c;d", "01/09780345418913/21/a'b=c;d"],
    ['https://example.com/01/09780345418913/21/a%3Db%2fc', '01/09780345418913/21/a=b%2Fc'],
  ])('%s', (uri, path) => {
    expect(canonicalUri(uri)).toBe(`https://id.gs1.org/${path}`);
    expect(epcFault(uri)).toBeNull();
  });

  test.each([
    'https://example.com/01/2024-report',
    'https://example.com/people/00/12',
    'https://example.com/8018/061414112345678902/8019/5',
    'https://example.com/01/09780345418913/99/x',
    'https://id.gs1.org/8018/061414112345678902/8019/5',
    'https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K',
    'urn:epc:id:gid:95100000.12345.400',
    'urn:epc:idpat:sgtin:0614141.*.*',
    'urn:epc:idpat:sgtin:*.*.*',
    'urn:epcglobal:cbv:bt:0614141073467:1152',
    'geo:50.94,6.92',
    'urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8',
    '',
  ])('%s is nobody’s key, and no fault', (uri) => {
    expect(canonicalUri(uri)).toBe(uri);
    expect(epcFault(uri)).toBeNull();
    expect(toEpcUrn(uri, () => 7)).toBe(uri);
  });
});

describe('wrong EPCs', () => {
  test.each([
    ['urn:epc:id:sgtin:0614141.12345.400', 'epc_digits'],
    ['urn:epc:id:sgtin:06141.12123456.400', 'epc_digits'],
    ['urn:epc:id:sgtin:0614141.112345', 'epc_form'],
    ['urn:epc:class:sgtin:0614141.112345.400', 'epc_form'],
    ['urn:epc:id:lgtin:0614141.112345.400', 'epc_form'],
    ['urn:epc:idpat:sgln:0614141.12345.*', 'epc_form'],
    ['urn:epc:idpat:sgtin:0614141.112345.7', 'epc_form'],
    ['urn:epc:id:sgtin:0614141.*.*', 'epc_form'],
    ['urn:epc:id:sgtin:0614141.112345.%E0%A4%A', 'epc_escape'],
    ['urn:epc:id:sgtin:0614141.112345.%zz', 'epc_escape'],
    [`urn:epc:id:sgtin:0614141.112345.${'9'.repeat(21)}`, 'epc_characters'],
    ['urn:epc:id:sgtin:0614141.112345.ä', 'epc_characters'],
    ['urn:epc:id:sgcn:4012345.67890.AB', 'epc_characters'],
    ['urn:epc:id:cpi:0614141.123abc.1', 'epc_characters'],
    ['https://id.gs1.org/01/09780345418914', 'epc_check_digit'],
    ['https://id.gs1.org/01/123', 'epc_digits'],
    ['https://id.gs1.org/8003/10614141123459', 'epc_digits'],
    ['https://id.gs1.org/8018/061414112345678903/8019/5', 'epc_check_digit'],
    ['https://id.gs1.org/01/09780345418913/21/%E0%A4%A', 'epc_escape'],
  ])('%s: %s', (uri, code) => {
    expect(epcFault(uri)?.split(':')[0]).toBe(code);
    expect(canonicalUri(uri)).toBe(uri);
  });
});

describe('hostile text', () => {
  const schemes = ['sgtin', 'cpi', 'giai', 'constructor', '__proto__', 'toString', ''];
  const names = ['01', '8010', '8004', '414', '8006', 'constructor', '__proto__', '%'];
  const urns = fc
    .tuple(fc.constantFrom('id', 'class', 'idpat', 'x'), fc.constantFrom(...schemes), fc.string())
    .map((parts) => `urn:epc:${parts.join(':')}`);
  const links = fc
    .array(fc.oneof(fc.constantFrom(...names), fc.string(), fc.stringMatching(/^\d{13,18}$/)))
    .map((segments) => `https://id.gs1.org/${segments.join('/')}`);

  test('never throws, and what is canonical stays as it is', () => {
    fc.assert(
      fc.property(fc.oneof(urns, links, fc.string({ unit: 'binary' })), (uri) => {
        const once = canonicalUri(uri);
        expect(canonicalUri(once)).toBe(once);
        expect(typeof (epcFault(uri) ?? '')).toBe('string');
        expect(typeof toEpcUrn(uri, (digits) => digits.length)).toBe('string');
      }),
      { numRuns: 2000 },
    );
  });

  test('a megabyte of anything ends, with a short word about it', () => {
    const long = 1 << 20;
    for (const uri of [
      `urn:epc:id:sgtin:${'1'.repeat(long)}`,
      `urn:epc:id:sgtin:0614141.112345.${'.'.repeat(long)}`,
      `urn:epc:id:cpi:${'1.'.repeat(long / 2)}`,
      `https://id.gs1.org${'/01'.repeat(long / 3)}`,
      `https://example.com${'/01/09780345418913'.repeat(long / 18)}/x`,
      `https://id.gs1.org/01/${'%41'.repeat(long / 3)}`,
    ]) {
      expect((epcFault(uri) ?? '').length).toBeLessThan(200);
      expect(typeof canonicalUri(uri)).toBe('string');
    }
  });

  test('a prefix that nobody can have gives no URN', () => {
    const link = 'https://id.gs1.org/01/10614141123459/21/400';
    for (const digits of [-1, 0, 5, 13, 6.5, Number.NaN]) {
      expect(toEpcUrn(link, () => digits)).toBe(link);
    }
    expect(prefixStart({ ai: '8004', value: '0614141ABC', qualifier: null })).toBe('0614141');
    expect(toEpcUrn('https://id.gs1.org/8004/0614141ABC', () => 9)).toMatch(/^https/);
    expect(toEpcUrn('https://id.gs1.org/8004/0614141', () => 7)).toMatch(/^https/);
  });
});
