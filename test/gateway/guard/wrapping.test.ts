// Signatures that verify, or nearly, around something else than what is read.
import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../../gateway/guard/certificate.ts';
import { anchor, type Laboratory, laboratory, P256, RSA } from './laboratories.ts';
import { madeDcc, ROOT_END } from './made-dcc.ts';
import {
  C14N_10,
  C14N_11,
  canonical,
  DS,
  ECDSA_SHA256,
  ENVELOPED,
  EXCLUSIVE,
  keyInfoOf,
  reference,
  type SignSpec,
  sha256,
  signatureOf,
  signedDcc,
} from './signed-dcc.ts';

const nowMs = Date.parse('2026-11-29T00:00:00Z');
let lab: Laboratory;
let other: Laboratory;
beforeAll(async () => {
  lab = await laboratory('Grain Lab');
  other = await laboratory('Other Lab');
});

const read = (text: string) =>
  readCertificate(new TextEncoder().encode(text), { anchors: [anchor(lab)], nowMs });
const refused = async (text: string, code: string) =>
  expect(await read(text)).toMatchObject({ ok: false, code });
const isVerified = async (text: string) =>
  expect(await read(text)).toMatchObject({ ok: true, value: { signature: 'verified' } });

const honest = madeDcc();
const forged = madeDcc({ serial: 'SN-FORGED' });
const bare = (text: string) => text.replace(/<\?xml.*\?>/, '').trim();
const withSignature = (text: string, signature: string) =>
  text.replace(ROOT_END, () => `${signature}${ROOT_END}`);
const sign = (spec: Partial<SignSpec> = {}, text = honest) => signedDcc(text, { by: lab, ...spec });

test.each([C14N_10, C14N_11, EXCLUSIVE])('a whole document in %s is accepted', async (c14n) => {
  const digest = sha256(canonical(honest, c14n === EXCLUSIVE));
  await isVerified(
    sign({ references: () => reference({ transforms: [ENVELOPED, c14n], digest }) }),
  );
});

test('so is one whose only transform is enveloped-signature, and one without XAdES', async () => {
  const references = (digest: string) => reference({ transforms: [ENVELOPED], digest });
  await isVerified(sign({ references }));
  await isVerified(sign({ references, signedAt: null }));
});

describe('the signed certificate is somewhere else', () => {
  test('in a wrapper, beside a forged one', async () => {
    const both = `<w>${bare(forged)}${bare(sign())}</w>`;
    await refused(both, 'dcc_root');
  });

  test('under a forged root', async () => {
    await refused(
      withSignature(forged, `<dcc:comment>${bare(sign())}</dcc:comment>`),
      'dcc_nested',
    );
  });

  test('within ds:Object, where enveloped-signature takes it out of what is hashed', async () => {
    const signature = signatureOf(honest, { by: lab, objects: object(bare(honest)) });
    await refused(withSignature(forged, signature), 'dcc_nested');
    await refused(withSignature(honest, signature), 'dcc_nested');
  });

  test('and found by its id', async () => {
    const marked = bare(honest).replace('schemaVersion', 'id="dcc" schemaVersion');
    const spec: SignSpec = {
      by: lab,
      references: () =>
        reference({ uri: '#dcc', transforms: [EXCLUSIVE], digest: sha256(canonical(marked)) }),
    };
    const signature = signatureOf(honest, { ...spec, objects: object(marked) });
    await refused(withSignature(forged, signature), 'dcc_nested');
  });

  test('and its id is there twice', async () => {
    const twice = forged.replace('schemaVersion', 'id="a" schemaVersion');
    const signature = signatureOf(honest, { by: lab, objects: '<ds:Object Id="a"></ds:Object>' });
    await refused(withSignature(twice, signature), 'dcc_duplicate_id');
  });

  test('and its signature was moved over', async () => {
    await refused(withSignature(forged, signatureOf(honest, { by: lab })), 'dcc_signature');
  });
});

const object = (content: string) => `<ds:Object>${content}</ds:Object>`;

describe('the signature is somewhere else', () => {
  test('two of them', async () => {
    const second = signatureOf(honest, { by: other }).replaceAll('"xp"', '"xp2"');
    const two = sign().replace(ROOT_END, () => `${second.replace('"sig"', '"sig2"')}${ROOT_END}`);
    await refused(two, 'dcc_signatures');
  });

  test('deeper than the root', async () => {
    const signature = signatureOf(honest, { by: lab });
    const deeper = withSignature(honest, `<dcc:comment>${signature}</dcc:comment>`);
    await refused(deeper, 'dcc_signatures');
  });

  test('within its own object', async () => {
    const inner = `<ds:Signature xmlns:ds="${DS}"></ds:Signature>`;
    await refused(sign({ objects: object(inner) }), 'dcc_signatures');
  });

  test('taken away: an unsigned certificate, that earns what an unsigned one earns', async () => {
    expect(await read(honest)).toMatchObject({ ok: true, value: { signature: 'unsigned' } });
  });

  test.each(['SignedInfo', 'SignatureValue'])('without %s', async (name) => {
    const pattern = new RegExp(`<ds:${name}>.*</ds:${name}>`);
    await refused(sign().replace(pattern, ''), 'dcc_signature_form');
    await refused(sign().replace(pattern, '$&$&'), 'dcc_signature_form');
  });
});

describe('what is referred to', () => {
  const whole = (digest: string) => reference({ digest });
  const part = (digest: string, uri = '#items') =>
    reference({ uri, transforms: [EXCLUSIVE], digest });
  const marked = honest.replace('<dcc:items>', '<dcc:items id="items">');

  test('a part only', async () => {
    await refused(sign({ references: part, signedAt: null }, marked), 'dcc_partial');
    await refused(sign({ references: part }, marked), 'dcc_partial');
    await refused(sign({ references: () => '' }), 'dcc_partial');
  });

  test('a part beside the whole', async () => {
    const both = (digest: string) => whole(digest) + part(digest);
    await refused(sign({ references: both }, marked), 'dcc_reference');
  });

  test('the whole, twice; and nothing that is named', async () => {
    await refused(sign({ references: (d) => whole(d) + whole(d) }), 'dcc_reference');
    await refused(
      sign({ references: (digest) => reference({ uri: null, digest }) }),
      'dcc_reference',
    );
  });

  test.each(['http://127.0.0.1:1/dcc.xml', 'file:///etc/hostname', 'dcc.xml'])(
    'something outside: %s',
    async (uri) => {
      await refused(
        sign({ references: (d) => whole(d) + reference({ uri, digest: d }) }),
        'dcc_external',
      );
      await refused(sign({ references: (digest) => reference({ uri, digest }) }), 'dcc_external');
    },
  );

  test('the whole by XPointer', async () => {
    const references = (digest: string) => reference({ uri: '#xpointer(/)', digest });
    await refused(sign({ references }), 'dcc_partial');
  });

  test('a manifest, which is verified by nobody', async () => {
    const manifest = (digest: string) =>
      whole(digest) +
      reference({ uri: '#m', type: `${DS}Manifest`, transforms: [EXCLUSIVE], digest });
    await refused(sign({ references: manifest, signedAt: null }), 'dcc_reference');
  });

  test('something else that says to be the signed properties', async () => {
    const type = 'http://uri.etsi.org/01903#SignedProperties';
    const items = /<dcc:items id.*<\/dcc:items>/.exec(marked)?.[0] ?? '';
    const digest = sha256(
      canonical(items.replace('<dcc:items', '<dcc:items xmlns:dcc="https://ptb.de/dcc"')),
    );
    const properties = reference({ uri: '#items', type, transforms: [EXCLUSIVE], digest });
    const references = (digestOfAll: string) => whole(digestOfAll) + properties;
    await refused(sign({ references, signedAt: null }, marked), 'dcc_reference');
  });
});

describe('how it is transformed', () => {
  const through = (...transforms: (string | readonly [string, string])[]) =>
    sign({ references: (digest) => reference({ transforms, digest }) });
  const XPATH = 'http://www.w3.org/TR/1999/REC-xpath-19991116';
  const xpath = '<ds:XPath>not(ancestor-or-self::dcc:items)</ds:XPath>';

  test.each([
    ['XPath', [ENVELOPED, [XPATH, xpath], C14N_10]],
    ['XPath 2', [ENVELOPED, ['http://www.w3.org/2002/06/xmldsig-filter2', xpath]]],
    ['XSLT', [ENVELOPED, ['http://www.w3.org/TR/1999/REC-xslt-19991116', '<x></x>'], C14N_10]],
    ['XSLT without a sheet', [ENVELOPED, 'http://www.w3.org/TR/1999/REC-xslt-19991116']],
    ['base64', [ENVELOPED, `${DS}base64`]],
    ['with comments', [ENVELOPED, `${C14N_10}#WithComments`]],
    ['two canonicalizations', [ENVELOPED, C14N_10, C14N_10]],
    ['in another order', [C14N_10, ENVELOPED]],
    ['not enveloped', [C14N_10]],
    ['not at all', []],
    ['with inclusive prefixes', [ENVELOPED, [EXCLUSIVE, '<x></x>']]],
  ] as const)('%s', async (_, transforms) => {
    await refused(through(...transforms), 'dcc_transform');
  });

  test('another way in the octets that were signed than in the document', async () => {
    // The library writes namespaces without escaping them, so that these two open and close
    // elements in its canonical text alone.
    const opens = `a"><ds:Transform Algorithm="${XPATH}"></ds:Transform><ds:y z="`;
    const closes = 'b"></ds:Transform></ds:y><ds:Transform z="';
    const escaped = (text: string) =>
      text.replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const references = (digest: string) =>
      reference({ transforms: [ENVELOPED, C14N_10], digest })
        .replace('<ds:Transforms>', `<ds:Transforms xmlns:q="${escaped(opens)}">`)
        .replace(`Algorithm="${C14N_10}"`, `xmlns:r="${escaped(closes)}" $&`);
    const octets = (content: string) =>
      canonical(
        `<ds:SignedInfo xmlns:dcc="https://ptb.de/dcc" xmlns:ds="${DS}" xmlns:si="https://ptb.de/si">${content}</ds:SignedInfo>`,
      );
    const spec = { octets, canonicalization: C14N_10, signedAt: null };
    await isVerified(sign(spec));
    await refused(sign({ ...spec, references }), 'dcc_transform');
  });

  test('Canonical XML 1.1 of a part, of SignedInfo too', async () => {
    await refused(sign({ propertiesTransform: C14N_11 }), 'dcc_canonicalization');
    await refused(sign({ canonicalization: C14N_11 }), 'dcc_canonicalization');
    await refused(sign({ canonicalization: `${EXCLUSIVE}WithComments` }), 'dcc_canonicalization');
    await refused(sign({ propertiesTransform: ENVELOPED }), 'dcc_transform');
  });
});

describe('with which algorithms and keys', () => {
  const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';

  test.each([
    `${DS}rsa-sha1`,
    `${MORE}ecdsa-sha1`,
    `${DS}dsa-sha1`,
    `${MORE}rsa-md5`,
    `${DS}hmac-sha1`,
    `${MORE}hmac-sha256`,
    'urn:nothing',
  ])('%s', async (signatureMethod) => {
    await refused(sign({ signatureMethod }), 'dcc_algorithm');
  });

  test('HMAC with the public key as the secret', async () => {
    const signatureMethod = `${MORE}hmac-sha256`;
    const signed = sign({ signatureMethod });
    const [info = ''] = /<ds:SignedInfo>.*<\/ds:SignedInfo>/.exec(signed) ?? [];
    const octets = info.replace('<ds:SignedInfo>', `<ds:SignedInfo xmlns:ds="${DS}">`);
    const value = createHmac('sha256', lab.certificate).update(octets).digest('base64');
    await refused(signed.replace(/(<ds:SignatureValue>)[^<]*/, `$1${value}`), 'dcc_algorithm');
  });

  test('a cut HMAC, or any other parameter of the method', async () => {
    const cut = '<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>';
    await refused(sign().replace('</ds:SignatureMethod>', cut), 'dcc_algorithm');
  });

  test.each([`${DS}sha1`, `${MORE}md5`, 'urn:nothing'])('digest %s', async (digestMethod) => {
    const references = (digest: string) => reference({ digestMethod, digest });
    await refused(sign({ references }), 'dcc_algorithm');
  });

  test.each([
    ['ecdsa-sha384', { ...P256, namedCurve: 'P-384' }],
    ['ecdsa-sha512', { ...P256, namedCurve: 'P-521' }],
    ['rsa-sha256', RSA],
    ['rsa-sha512', RSA],
    ['sha256-rsa-MGF1', RSA],
    ['sha512-rsa-MGF1', RSA],
  ])('but %s is accepted', async (name, algorithm) => {
    const by = await laboratory('Grain Lab', { algorithm });
    const namespace = name.endsWith('MGF1') ? 'http://www.w3.org/2007/05/xmldsig-more#' : MORE;
    const text = sign({ by, signatureMethod: `${namespace}${name}` });
    const value = { signature: 'unanchored' };
    expect(await read(text)).toMatchObject({ ok: true, value });
    await refused(text.replace('SN-4711', 'SN-4712'), 'dcc_signature');
    const other = (_: string, tag: string, first: string) => tag + (first === 'A' ? 'B' : 'A');
    await refused(text.replace(/(<ds:SignatureValue>)(.)/, other), 'dcc_signature');
  });

  test('a short RSA key', async () => {
    const weak = await laboratory('Weak Lab', { algorithm: { ...RSA, modulusLength: 1_024 } });
    await refused(sign({ by: weak, signatureMethod: `${MORE}rsa-sha256` }), 'dcc_algorithm');
  });

  test('no certificate, none that can be read, or too many', async () => {
    await refused(sign({ keyInfo: '' }), 'dcc_key_info');
    await refused(
      sign({ keyInfo: '<ds:KeyInfo><ds:KeyName>lab</ds:KeyName></ds:KeyInfo>' }),
      'dcc_key_info',
    );
    await refused(sign({ certificates: [Uint8Array.of(0x30, 0)] }), 'dcc_key_info');
    await refused(sign({ certificates: Array(9).fill(lab.certificate) }), 'dcc_key_info');
    const trailing = Uint8Array.from([...lab.certificate, 0]);
    await refused(sign({ certificates: [trailing] }), 'dcc_key_info');
    await refused(sign({ keyInfo: keyInfoOf([lab.certificate]).repeat(2) }), 'dcc_signature_form');
  });

  test('the certificate of a laboratory that did not sign', async () => {
    await refused(
      sign({ by: other, certificates: [lab.certificate], names: lab }),
      'dcc_signature',
    );
  });

  test('another certificate of the same key than the one that was signed for', async () => {
    const again = await laboratory('Renamed Lab', { keys: lab.keys });
    const spec = { names: again, certificates: [lab.certificate] };
    await refused(sign(spec), 'dcc_signing_certificate');
    await isVerified(sign({ certificates: [again.certificate, lab.certificate] }));
  });

  test('ECDSA under an RSA certificate', async () => {
    const rsa = await laboratory('RSA Lab', { algorithm: RSA });
    await refused(sign({ by: rsa, signatureMethod: ECDSA_SHA256 }), 'dcc_signature');
  });
});

test('whatever character is changed, what is read is what was signed', async () => {
  const text = sign({ certificates: [lab.certificate] }, madeDcc({ range: [-20, 60] }));
  const original = await read(text);
  expect(original).toMatchObject({ ok: true, value: { signature: 'verified' } });
  const outcomes = { refused: 0, same: 0 };
  // Every 13th: a prime, so that no structure of the text is passed over.
  for (let i = 0; i < text.length; i += 13) {
    const changed = `${text.slice(0, i)}${text[i] === '7' ? '8' : '7'}${text.slice(i + 1)}`;
    const evidence = await read(changed);
    if (evidence.ok && evidence.value.signature === 'verified') {
      expect(evidence, `character ${i}`).toEqual(original);
      outcomes.same += 1;
    } else outcomes.refused += 1;
  }
  expect(outcomes.refused).toBeGreaterThan(300);
});
