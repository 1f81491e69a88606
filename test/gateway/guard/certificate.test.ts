import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../../gateway/guard/certificate.ts';
import { DCC_BYTES_MAX } from '../../../gateway/guard/xml-document.ts';
import { group } from '../../support/group.ts';
import { hasSharedData, sharedData } from '../../support/shared-data.ts';
import { anchor, type Laboratory, laboratory } from './laboratories.ts';
import { expandedMU, expandedUnc, identification, item, madeDcc, ROOT_END } from './made-dcc.ts';
import { signedDcc } from './signed-dcc.ts';

const nowMs = Date.parse('2026-11-29T00:00:00Z');
const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string, anchors: ReturnType<typeof anchor>[] = []) =>
  readCertificate(bytesOf(text), { anchors, nowMs });

let lab: Laboratory;
beforeAll(async () => {
  lab = await laboratory('Grain Lab');
});

describe('a certificate', () => {
  test('signed by an anchor is verified, and read', async () => {
    const evidence = await read(signedDcc(madeDcc(), { by: lab }), [anchor(lab)]);
    expect(evidence).toEqual({
      ok: true,
      value: {
        signature: 'verified',
        anchor: 'Grain Lab',
        signedMs: Date.parse('2026-03-02T10:00:00Z'),
        certificate: {
          schemaVersion: '3.3.0',
          uniqueIdentifier: 'LAB-2026-0042',
          laboratory: 'Grain Lab',
          performedMs: Date.parse('2026-03-01T00:00:00Z'),
          issuedMs: Date.parse('2026-03-02T00:00:00Z'),
          dueMs: Date.parse('2027-03-01T23:59:59.999Z'),
          items: [
            {
              name: 'Probe',
              manufacturer: 'Grain Probes',
              model: 'GP-2',
              identifications: [
                { issuer: 'manufacturer', value: 'SN-4711', refTypes: [], names: ['Serial no.'] },
              ],
            },
          ],
          conformity: ['pass'],
          results: [
            {
              name: 'Temperature',
              refTypes: ['basic_temperature', 'gp_table1', 'basic_referenceValue'],
              unit: 'Cel',
              dsiUnit: '\\degreecelsius',
              min: -20,
              max: 60,
              rangeStated: false,
              points: [-20, 0, 25, 60],
              uncertainty: 0.1,
              coverageFactor: 2,
            },
          ],
        },
      },
    });
  });

  test('signed by nobody the charter names counts as unanchored, not as an offence', async () => {
    const other = await laboratory('Other Lab');
    const text = signedDcc(madeDcc(), { by: other });
    const value = { signature: 'unanchored', anchor: null };
    expect(await read(text, [anchor(lab)])).toMatchObject({ ok: true, value });
    expect(await read(text)).toMatchObject({ ok: true, value });
  });

  test('without a signature says so', async () => {
    const value = { signature: 'unsigned', anchor: null, signedMs: null };
    expect(await read(madeDcc(), [anchor(lab)])).toMatchObject({ ok: true, value });
  });

  test('is read from its canonical octets: comments do not hide digits', async () => {
    const split = madeDcc().replace('LAB-2026-0042', 'LAB-<!-- -->2026-<![CDATA[00]]>42');
    for (const text of [split, signedDcc(split, { by: lab })]) {
      expect(await read(text)).toMatchObject({
        ok: true,
        value: { certificate: { uniqueIdentifier: 'LAB-2026-0042' } },
      });
    }
  });

  test('is read from what was hashed, even where canonicalization errs', async () => {
    // The library writes a namespace without escaping it: its octets say more than the document.
    const text = madeDcc().replace(
      ' refType="basic_recalibration"',
      ' xmlns:q="a&quot; refType=&quot;basic_recalibration"',
    );
    for (const each of [text, signedDcc(text, { by: lab })]) {
      expect(await read(each)).toMatchObject({
        ok: true,
        value: { certificate: { dueMs: Date.parse('2027-03-01T23:59:59.999Z') } },
      });
    }
  });

  test('of single values', async () => {
    const list = /<dcc:list .*<\/dcc:list>/s;
    const value = (uncertainty: string) =>
      `<dcc:quantity refType="basic_measuredValue"><si:real><si:value>7.5</si:value><si:unit>\\milli\\volt</si:unit>${uncertainty}</si:real></dcc:quantity>`;
    const first =
      '<si:expandedUnc><si:uncertainty>0.2</si:uncertainty><si:coverageFactor>2</si:coverageFactor></si:expandedUnc>';
    const second =
      '<si:measurementUncertaintyUnivariate><si:expandedMU><si:valueExpandedMU>0.2</si:valueExpandedMU><si:coverageFactor>2</si:coverageFactor></si:expandedMU></si:measurementUncertaintyUnivariate>';
    for (const uncertainty of [first, second]) {
      const results = [
        { unit: 'V', min: 0.0075, max: 0.0075, points: [0.0075], uncertainty: 0.0002 },
      ];
      expect(await read(madeDcc().replace(list, () => value(uncertainty)))).toMatchObject({
        ok: true,
        value: { certificate: { results } },
      });
    }
    const twoValues = madeDcc().replace(list, () => value(first).replace('7.5', '7.5 8'));
    expect(await read(twoValues)).toMatchObject({ code: 'dcc_form' });
  });

  test('with the largest uncertainty of its columns, and the earliest day of several', async () => {
    const unit = '<si:unitXMLList>\\degreecelsius</si:unitXMLList>';
    for (const [reference, error] of [
      ['0.02', '0.1'],
      ['0.1', '0.02'],
    ] as const) {
      const text = madeDcc({ uncertainty: expandedUnc(error, error === '0.1' ? '2' : '3') });
      const factor = reference === '0.1' ? '2' : '3';
      const both = text.replace(unit, () => unit + expandedUnc(reference, factor));
      const results = [{ uncertainty: 0.1, coverageFactor: 2 }];
      expect(await read(both)).toMatchObject({ ok: true, value: { certificate: { results } } });
    }
    const [due = ''] =
      /<dcc:statement refType="basic_recal.*?<\/dcc:statement>/.exec(madeDcc()) ?? [];
    const earlier = due.replace('2027-03-01', '2026-12-31');
    for (const two of [due + earlier, earlier + due]) {
      expect(await read(madeDcc().replace(due, two))).toMatchObject({
        ok: true,
        value: { certificate: { dueMs: Date.parse('2026-12-31T23:59:59.999Z') } },
      });
    }
  });

  test('of D-SI 2, with a stated range in another unit and the worst of several points', async () => {
    const text = madeDcc({
      points: [306.248, 373.121],
      unit: '\\kelvin',
      range: [306, 373],
      uncertainty: expandedMU('0.05 0.061', '2 2.1'),
      due: null,
      issued: null,
    });
    expect(await read(text)).toMatchObject({
      ok: true,
      value: {
        certificate: {
          dueMs: null,
          issuedMs: null,
          results: [
            {
              unit: 'K',
              min: 306,
              max: 373,
              rangeStated: true,
              uncertainty: 0.061,
              coverageFactor: 2.1,
            },
          ],
        },
      },
    });
  });
});

describe('refused before anybody asks who signed', () => {
  const forged = {
    dcc_xml: [
      ['not well-formed', madeDcc().replace(ROOT_END, '')],
      ['an undefined entity', madeDcc().replace('Grain Lab', '&lab;')],
      ['a forbidden character by reference', madeDcc().replace('Grain Lab', 'Grain&#1;Lab')],
      ['another encoding', madeDcc().replace('UTF-8', 'UTF-7')],
      ['XML 1.1', madeDcc().replace('version="1.0"', 'version="1.1"')],
      ['text after the root', `${madeDcc()}x`],
      ['a doubled attribute', madeDcc().replace('<dcc:list ', '<dcc:list refType="x" ')],
    ],
    dcc_doctype: [
      [
        'an entity',
        madeDcc().replace('<dcc:dig', '<!DOCTYPE a [<!ENTITY lab "Grain Lab">]><dcc:dig'),
      ],
      [
        'an external subset',
        madeDcc().replace('<dcc:dig', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><dcc:dig'),
      ],
      [
        'a declared id',
        madeDcc().replace('<dcc:dig', '<!DOCTYPE a [<!ATTLIST a b ID #IMPLIED>]><dcc:dig'),
      ],
    ],
    dcc_instruction: [
      ['a style sheet', madeDcc().replace('<dcc:dig', '<?xml-stylesheet href="x.xsl"?><dcc:dig')],
      ['one within', madeDcc({ tail: '<?php echo 1 ?>' })],
    ],
    dcc_size: [
      ['too many bytes', madeDcc({ tail: `<!--${'x'.repeat(DCC_BYTES_MAX)}-->` })],
      ['too many tags', madeDcc({ tail: '<x/>'.repeat(20_001) })],
      ['too deep', madeDcc({ tail: '<x>'.repeat(70) + '</x>'.repeat(70) })],
      ['too many namespaces', madeDcc({ tail: '<x xmlns="u"/>'.repeat(128) })],
      [
        'too many attributes',
        madeDcc({ tail: `<x ${Array.from({ length: 33 }, (_, i) => `a${i}=""`).join(' ')}/>` }),
      ],
    ],
    dcc_root: [
      ['a wrapper', `<w>${madeDcc().replace(/<\?xml.*\?>/, '')}</w>`],
      ['another namespace', madeDcc().replace('https://ptb.de/dcc', 'https://ptb.de/dcc2')],
    ],
    dcc_nested: [
      [
        'a second certificate',
        madeDcc({
          tail: madeDcc()
            .replace(/<\?xml.*\?>/, '')
            .trim(),
        }),
      ],
    ],
    dcc_duplicate_id: [
      ['id', madeDcc({ tail: '<x id="a"/><y id="a"/>' })],
      ['Id and ID', madeDcc({ tail: '<x Id="a"/><y ID="a"/>' })],
      ['id and xml:id', madeDcc({ tail: '<x id="a"/><y xml:id="a"/>' })],
    ],
    dcc_form: [
      ['version 2', madeDcc({ schemaVersion: '2.4.0' })],
      ['no identifier', madeDcc().replace(/<dcc:uniqueId.*?uniqueIdentifier>/, '')],
      ['two identifiers', madeDcc().replace(/<dcc:uniqueId.*?uniqueIdentifier>/, '$&$&')],
      ['no items', madeDcc().replace(/<dcc:item>.*<\/dcc:item>/, '')],
      ['a day that there is not', madeDcc({ performed: '2026-02-30' })],
      ['a value that is no number', madeDcc().replace('-20 0 25 60', '-20 0 NaN 60')],
      ['an uncertainty of nothing', madeDcc().replace('>0.1<', '>0<')],
      ['more uncertainties than points', madeDcc().replace('>0.1<', '>0.1 0.1 0.1 0.1 0.1<')],
      ['a range from above', madeDcc({ range: [60, -20] })],
      ['elements where a text is due', madeDcc().replace('LAB-2026-0042', 'LAB<dcc:x/>-2026-0042')],
    ],
    dcc_dates: [
      ['ended before it began', madeDcc({ begun: '2026-03-02' })],
      ['issued before', madeDcc({ issued: '2026-02-28' })],
      ['due before', madeDcc({ due: '2026-02-28' })],
    ],
    dcc_future: [
      ['performed', madeDcc({ performed: '2026-11-30', issued: null, due: null })],
      ['issued', madeDcc({ issued: '2026-11-30' })],
    ],
  } as const;

  for (const [code, documents] of Object.entries(forged)) {
    test.each(documents as readonly (readonly [string, string])[])(
      `${code}: %s`,
      async (_, text) => {
        expect(await read(text)).toMatchObject({ ok: false, code });
      },
    );
  }

  test('dcc_xml: bytes that are not UTF-8', async () => {
    const utf16 = Uint8Array.from(Buffer.from(`\ufeff${madeDcc()}`, 'utf16le'));
    expect(await readCertificate(utf16, { anchors: [], nowMs })).toMatchObject({
      ok: false,
      code: 'dcc_xml',
    });
  });

  test('the documents above differ from an accepted one in that alone', async () => {
    expect(await read(madeDcc({ tail: '<x id="a"/><y id="b"/>' }))).toMatchObject({ ok: true });
    expect(await read(madeDcc({ tail: '<x/>'.repeat(19_000) }))).toMatchObject({ ok: true });
    expect(await read(madeDcc({ tail: '<x xmlns="u"/>'.repeat(120) }))).toMatchObject({ ok: true });
    expect(await read(madeDcc({ range: [-20, 60] }))).toMatchObject({ ok: true });
    expect(
      await read(madeDcc({ moreItems: item(identification('owner', '1', 'No.')) })),
    ).toMatchObject({ ok: true });
  });
});

group('shared data', hasSharedData)("PTB's good practice for temperature", () => {
  const sample = (suffix: string) =>
    readFileSync(sharedData('dcc', `dcc_gp_temperature_typical_v12${suffix}.xml`));
  const signed = () => sample('_v3.2.0_signed');
  const signer = () => {
    const [, base64 = ''] = /<ds:X509Certificate>([^<]*)</.exec(signed().toString()) ?? [];
    return Uint8Array.from(Buffer.from(base64, 'base64'));
  };
  const results = [
    {
      name: 'Measuring results',
      unit: 'K',
      min: 306,
      max: 593,
      rangeStated: true,
      points: [306.248, 373.121, 448.253, 523.319, 593.154],
      uncertainty: 0.061,
      coverageFactor: 2,
    },
  ];

  test('signed: verified under its laboratory, unanchored without', async () => {
    const certificate = signer();
    expect(new X509Certificate(certificate).subject).toContain('Calibration Lab A');
    const anchors = [{ name: 'Lab A', certificate }];
    const evidence = await readCertificate(signed(), { anchors, nowMs });
    expect(evidence).toMatchObject({
      ok: true,
      value: {
        signature: 'verified',
        anchor: 'Lab A',
        signedMs: Date.parse('2023-03-27T15:14:30Z'),
        certificate: {
          schemaVersion: '3.2.0',
          uniqueIdentifier: 'GP_DCC_temperature_typical_1.2',
          laboratory: 'Kalibrierfirma GmbH',
          performedMs: Date.parse('1957-08-13T00:00:00Z'),
          issuedMs: null,
          dueMs: Date.parse('1959-10-22T23:59:59.999Z'),
          conformity: ['pass', 'pass'],
          results,
        },
      },
    });
    expect(await readCertificate(signed(), { anchors: [], nowMs })).toMatchObject({
      ok: true,
      value: { signature: 'unanchored' },
    });
  });

  test('manipulated: refused, whoever is trusted', async () => {
    const anchors = [{ name: 'Lab A', certificate: signer() }];
    const bytes = sample('_v3.2.0_signed_manipulated');
    for (const trusted of [anchors, []]) {
      expect(await readCertificate(bytes, { anchors: trusted, nowMs })).toMatchObject({
        ok: false,
        code: 'dcc_signature',
      });
    }
  });

  test('unsigned: the same values, and no word of trust', async () => {
    expect(await readCertificate(sample(''), { anchors: [], nowMs })).toMatchObject({
      ok: true,
      value: {
        signature: 'unsigned',
        certificate: { schemaVersion: '3.1.1', results },
      },
    });
  });

  test('shown before it was signed: refused', async () => {
    const early = Date.parse('2023-03-27T15:14:29Z');
    expect(await readCertificate(signed(), { anchors: [], nowMs: early })).toMatchObject({
      ok: false,
      code: 'dcc_future',
    });
  });
});
