// The oracle: xmlsec1, which shares no line with the library that the guard uses.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readCertificate } from '../../../gateway/guard/certificate.ts';
import { group } from '../../support/group.ts';
import { hasSharedData, sharedData } from '../../support/shared-data.ts';
import { anchor, type Laboratory, laboratory, RSA } from './laboratories.ts';
import { madeDcc, ROOT_END } from './made-dcc.ts';
import {
  C14N_10,
  C14N_11,
  DS,
  ECDSA_SHA256,
  ENVELOPED,
  EXCLUSIVE,
  RSA_SHA256,
  reference,
  signedDcc,
  XADES,
} from './signed-dcc.ts';

const hasXmlsec = spawnSync('xmlsec1', ['--version']).status === 0;
const law = group('law', hasXmlsec, 'no xmlsec1');
const nowMs = Date.parse('2026-11-29T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'xmlsec-'));

let elliptic: Laboratory;
let rsa: Laboratory;
beforeAll(async () => {
  elliptic = await laboratory('Grain Lab');
  rsa = await laboratory('RSA Lab', { algorithm: RSA });
});

/** Only the signature is asked of it: the keys are the tests' own. */
function xmlsecVerifies(text: string | Uint8Array): boolean {
  const path = join(folder, 'given.xml');
  writeFileSync(path, text);
  const ids = ['--id-attr:Id', `${XADES}:SignedProperties`];
  const args = ['--verify', '--insecure', '--enabled-key-data', 'x509', ...ids, path];
  return spawnSync('xmlsec1', args).status === 0;
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** xmlsec1 canonicalizes, hashes and signs; nothing of it comes from the library. */
function signedByXmlsec(
  text: string,
  { by, c14n, method }: { by: Laboratory; c14n: string; method: string },
): string {
  const [template, key, certificate] = ['template.xml', 'key.pem', 'certificate.pem'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  writeFileSync(key, pem('PRIVATE KEY', by.privateKey));
  writeFileSync(certificate, pem('CERTIFICATE', by.certificate));
  const whole = reference({ transforms: [ENVELOPED, c14n], digest: '' });
  const signature = `<ds:Signature xmlns:ds="${DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"/><ds:SignatureMethod Algorithm="${method}"/>${whole}</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>`;
  writeFileSync(
    template,
    text.replace(ROOT_END, () => `${signature}${ROOT_END}`),
  );
  return execFileSync('xmlsec1', ['--sign', '--privkey-pem', `${key},${certificate}`, template], {
    encoding: 'utf8',
  });
}

const read = (bytes: string | Uint8Array, anchors: Laboratory[]) => {
  const given = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
  return readCertificate(given, { anchors: anchors.map(anchor), nowMs });
};

/** What canonicalizations get wrong. */
const ODDITIES: Readonly<Record<string, string>> = {
  nothing: '',
  'text that must be escaped':
    '<dcc:comment>a &lt; b &amp;&amp; c &gt; d "e" \'f\' ]]&gt;</dcc:comment>',
  'attributes that must be sorted and escaped':
    '<dcc:comment b="2" a="&quot;&lt;&gt;&amp;\'" xml:lang="en" si:z="1" id="q" dcc:a="&#9;&#10;&#13; x"></dcc:comment>',
  'white space and carriage returns': '<dcc:comment>a\r\nb\rc&#13;&#10;d\t e </dcc:comment>',
  'CDATA and comments': '<dcc:comment><![CDATA[<a>&amp;]]>b<!-- c --><![CDATA[]]></dcc:comment>',
  'a default namespace, and none again':
    '<x xmlns="urn:x"><y xmlns=""><z xmlns="urn:x"/></y><w xmlns="urn:x"/></x>',
  'namespaces declared twice, unused, or anew':
    '<dcc:comment xmlns:dcc="https://ptb.de/dcc" xmlns:q="urn:q"><q:a xmlns:q="urn:q2" q:b="1"/><q:a/></dcc:comment>',
  'an empty element': '<dcc:comment/>',
  'characters beyond the first plane': '<dcc:comment>温度 🌾 ü é</dcc:comment>',
};

law('xmlsec1 signs, the guard verifies', () => {
  const algorithms = { [C14N_10]: '1.0', [C14N_11]: '1.1', [EXCLUSIVE]: 'exclusive' };

  for (const [c14n, name] of Object.entries(algorithms)) {
    test.each(Object.entries(ODDITIES))(`${name}: %s`, async (_, tail) => {
      const text = signedByXmlsec(madeDcc({ tail }), { by: elliptic, c14n, method: ECDSA_SHA256 });
      expect(await read(text, [elliptic])).toMatchObject({
        ok: true,
        value: { signature: 'verified' },
      });
      const manipulated = text.replace('SN-4711', 'SN-4712');
      expect(await read(manipulated, [elliptic])).toMatchObject({ code: 'dcc_signature' });
      expect(xmlsecVerifies(manipulated)).toBe(false);
    });
  }

  test.each([
    RSA_SHA256,
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  ])('%s', async (method) => {
    const text = signedByXmlsec(madeDcc(), { by: rsa, c14n: C14N_11, method });
    const value = { signature: 'verified', anchor: 'RSA Lab' };
    expect(await read(text, [rsa])).toMatchObject({ ok: true, value });
  });
});

law('the tests sign, xmlsec1 verifies', () => {
  test('with XAdES and without', () => {
    expect(xmlsecVerifies(signedDcc(madeDcc(), { by: elliptic }))).toBe(true);
    expect(xmlsecVerifies(signedDcc(madeDcc(), { by: elliptic, signedAt: null }))).toBe(true);
    const signed = signedDcc(madeDcc(), { by: elliptic });
    expect(xmlsecVerifies(signed.replace('10:00:00Z', '10:00:01Z'))).toBe(false);
  });

  test('also what the guard refuses for its form, and not for its mathematics', async () => {
    const part = madeDcc().replace('<dcc:items>', '<dcc:items Id="i">');
    const comments = signedByXmlsec(part, {
      by: elliptic,
      c14n: `${C14N_10}#WithComments`,
      method: ECDSA_SHA256,
    });
    expect(xmlsecVerifies(comments)).toBe(true);
    expect(await read(comments, [elliptic])).toMatchObject({ code: 'dcc_transform' });
    const sha1 = signedByXmlsec(part, {
      by: elliptic,
      c14n: C14N_10,
      method: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1',
    });
    expect(xmlsecVerifies(sha1)).toBe(true);
    expect(await read(sha1, [elliptic])).toMatchObject({ code: 'dcc_algorithm' });
  });
});

law("PTB's samples", () => {
  test.skipIf(!hasSharedData).each([
    ['_signed', true],
    ['_signed_manipulated', false],
  ])('%s: the same verdict', async (suffix, verdict) => {
    const name = `dcc_gp_temperature_typical_v12_v3.2.0${suffix}.xml`;
    const bytes = readFileSync(sharedData('dcc', name));
    expect(xmlsecVerifies(bytes)).toBe(verdict);
    expect((await read(bytes, [])).ok).toBe(verdict);
  });
});
