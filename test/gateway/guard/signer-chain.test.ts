import 'reflect-metadata';
import { Extension, KeyUsageFlags, X509Certificate } from '@peculiar/x509';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../../gateway/guard/certificate.ts';
import { anchorOf, parseCertificate } from '../../../gateway/guard/signer-chain.ts';
import { anchor, type Laboratory, laboratory, RSA, unknownCritical } from './laboratories.ts';
import { madeDcc } from './made-dcc.ts';
import { RSA_SHA256, signedDcc } from './signed-dcc.ts';

const atMs = Date.parse('2026-03-02T10:00:00Z');
const x509 = ({ certificate }: Laboratory) => new X509Certificate(Uint8Array.from(certificate));
const named = (signer: Laboratory, anchors: Laboratory[], others: Laboratory[] = []) =>
  anchorOf({ signer: x509(signer), others: others.map(x509), anchors: anchors.map(anchor), atMs });

let root: Laboratory;
let middle: Laboratory;
let lab: Laboratory;
beforeAll(async () => {
  root = await laboratory('Accreditation Root', { ca: true });
  middle = await laboratory('Calibration Sub CA', { ca: true, issuer: root, pathLength: 0 });
  lab = await laboratory('Grain Lab', { issuer: middle });
});

describe('leads to an anchor', () => {
  test('that is the signer itself, its issuer, or the issuer of that', async () => {
    expect(await named(lab, [lab])).toBe('Grain Lab');
    expect(await named(lab, [middle])).toBe('Calibration Sub CA');
    expect(await named(lab, [root], [middle])).toBe('Accreditation Root');
    expect(await named(lab, [root, middle], [middle])).toBe('Calibration Sub CA');
  });

  test('with the certificates in any order, beside strangers and itself', async () => {
    const stranger = await laboratory('Stranger', { ca: true });
    expect(await named(lab, [stranger, root], [stranger, lab, middle])).toBe('Accreditation Root');
  });

  test('through RSA, and for an RSA signature over a certificate', async () => {
    const ca = await laboratory('RSA Root', { ca: true, algorithm: RSA });
    const rsa = await laboratory('RSA Lab', { issuer: ca, algorithm: RSA });
    const text = signedDcc(madeDcc(), { by: rsa, signatureMethod: RSA_SHA256 });
    const trust = { anchors: [anchor(ca)], nowMs: Date.parse('2026-11-29') };
    expect(await readCertificate(new TextEncoder().encode(text), trust)).toMatchObject({
      ok: true,
      value: { signature: 'verified', anchor: 'RSA Root' },
    });
  });
});

describe('leads nowhere', () => {
  test('without anchors, without the certificate between, or with an unreadable anchor', async () => {
    expect(await named(lab, [], [middle, root])).toBeNull();
    expect(await named(lab, [root])).toBeNull();
    const anchors = [{ name: 'x', certificate: Uint8Array.of(1, 2, 3) }];
    expect(await anchorOf({ signer: x509(lab), others: [], anchors, atMs })).toBeNull();
  });

  test('through another CA of the same name', async () => {
    const namesake = await laboratory('Calibration Sub CA', { ca: true, issuer: root });
    expect(await named(lab, [namesake])).toBeNull();
    expect(await named(lab, [root], [namesake])).toBeNull();
  });

  test('through a laboratory: a pinned certificate vouches for nobody else', async () => {
    const child = await laboratory('Child of a lab', { issuer: lab });
    expect(await named(child, [lab])).toBeNull();
    expect(await named(child, [root], [lab, middle])).toBeNull();
    const usages = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign;
    const noCa = await laboratory('No CA', { usages });
    expect(await named(await laboratory('Child', { issuer: noCa }), [noCa])).toBeNull();
  });

  test('through more certificates than pathLenConstraint allows', async () => {
    const deeper = await laboratory('Deeper CA', { ca: true, issuer: middle });
    const child = await laboratory('Child of deeper', { issuer: deeper });
    expect(await named(child, [deeper])).toBe('Deeper CA');
    expect(await named(child, [middle], [deeper])).toBeNull();
    expect(await named(child, [root], [deeper, middle])).toBeNull();
  });

  test('through a CA that may not sign certificates, or a signer that may not sign', async () => {
    const mute = await laboratory('Mute CA', { ca: true, usages: KeyUsageFlags.cRLSign });
    expect(await named(await laboratory('a', { issuer: mute }), [mute])).toBeNull();
    const usages = KeyUsageFlags.keyAgreement;
    expect(await named(await laboratory('b', { issuer: root, usages }), [root])).toBeNull();
    const contract = await laboratory('c', { usages: KeyUsageFlags.nonRepudiation });
    expect(await named(contract, [contract])).toBe('c');
  });

  test('through SHA-1', async () => {
    const child = await laboratory('Old child', { issuer: root, hash: 'SHA-1' });
    expect(await named(child, [root])).toBeNull();
  });

  test('past a critical extension that nobody understands', async () => {
    const odd = await laboratory('Odd', { issuer: root, extensions: [unknownCritical] });
    expect(await named(odd, [root])).toBeNull();
  });

  test('in a ring of CAs that issue each other', async () => {
    const one = await laboratory('One', { ca: true });
    const two = await laboratory('Two', { ca: true, issuer: one });
    const back = await laboratory('One', { ca: true, issuer: two, keys: one.keys });
    const child = await laboratory('Child', { issuer: two });
    expect(await named(child, [root], [one, two, back])).toBeNull();
  });

  test.each([
    ['the signer', { until: '2026-03-01T00:00:00Z' }, {}],
    ['the signer, not yet valid', { from: '2026-03-03T00:00:00Z' }, {}],
    ['its issuer', {}, { until: '2026-03-01T00:00:00Z' }],
  ])('when %s has run out', async (_, ofLab, ofRoot) => {
    const ca = await laboratory('CA', { ca: true, ...ofRoot });
    const signer = await laboratory('Signer', { issuer: ca, ...ofLab });
    expect(await named(signer, [ca])).toBeNull();
  });
});

describe('at the time of signing', () => {
  const at = async (text: string, anchors: Laboratory[]) => {
    const nowMs = Date.parse('2030-01-01T00:00:00Z');
    const trust = { anchors: anchors.map(anchor), nowMs };
    const evidence = await readCertificate(new TextEncoder().encode(text), trust);
    return evidence.ok ? evidence.value.signature : evidence.code;
  };

  test('a certificate outlives the certificate of its signer', async () => {
    const text = signedDcc(madeDcc(), { by: lab });
    expect(await at(text, [lab])).toBe('verified');
    expect(await at(text.replace('UTF-8', 'utf-8'), [lab])).toBe('verified');
  });

  test('nothing signed after that counts', async () => {
    const late = signedDcc(madeDcc(), { by: lab, signedAt: '2028-01-02T00:00:00Z' });
    expect(await at(late, [lab])).toBe('unanchored');
  });

  test('without XAdES the day of issue counts, else that of the calibration', async () => {
    const brief = await laboratory('Brief', {
      from: '2026-03-02T00:00:00Z',
      until: '2026-03-02T23:00:00Z',
    });
    expect(await at(signedDcc(madeDcc(), { by: brief, signedAt: null }), [brief])).toBe('verified');
    const noIssue = signedDcc(madeDcc({ issued: null }), { by: brief, signedAt: null });
    expect(await at(noIssue, [brief])).toBe('unanchored');
    const sameDay = madeDcc({ issued: null, performed: '2026-03-02' });
    expect(await at(signedDcc(sameDay, { by: brief, signedAt: null }), [brief])).toBe('verified');
  });

  test('a signature from before the calibration contradicts it', async () => {
    const signedOn = (signedAt: string) => at(signedDcc(madeDcc(), { by: lab, signedAt }), [lab]);
    expect(await signedOn('2026-02-28T09:59:59Z')).toBe('dcc_dates');
    expect(await signedOn('2026-02-28T10:00:00Z')).toBe('verified');
  });

  test('a time without a zone, or none at all, is no signing time', async () => {
    const at2 = (signedAt: string) => at(signedDcc(madeDcc(), { by: lab, signedAt }), [lab]);
    expect(await at2('2026-03-02T10:00:00')).toBe('dcc_form');
    expect(await at2('yesterday')).toBe('dcc_form');
    expect(await at2('2030-01-01T00:00:01Z')).toBe('dcc_future');
  });
});

test.each(['2.5.29.19', '2.5.29.15'])('an extension %s that is none is refused', async (type) => {
  const onlyExtensions = [new Extension(type, true, Uint8Array.of(0x04, 0x01, 0x00))];
  const odd = await laboratory('Odd', { onlyExtensions });
  expect(parseCertificate(odd.certificate)).toBeNull();
  const trust = { anchors: [anchor(odd)], nowMs: Date.parse('2026-11-29') };
  const text = signedDcc(madeDcc(), { by: odd });
  expect(await readCertificate(new TextEncoder().encode(text), trust)).toMatchObject({
    ok: false,
    code: 'dcc_key_info',
  });
});

test('no changed byte of a certificate is believed, or throws', async () => {
  for (let i = 0; i < lab.certificate.length; i += 1) {
    const der = Uint8Array.from(lab.certificate);
    der[i] = (der[i] ?? 0) ^ 0x41;
    const signer = parseCertificate(der);
    if (!signer) continue;
    const query = { signer, others: [x509(middle)], anchors: [anchor(root), anchor(lab)], atMs };
    expect(await anchorOf(query), `byte ${i}`).toBeNull();
  }
});

test('only one certificate in DER is one', () => {
  expect(parseCertificate(lab.certificate)?.subject).toBe('CN=Grain Lab');
  const pem = new TextEncoder().encode(x509(lab).toString('pem'));
  for (const bytes of [
    pem,
    Uint8Array.of(),
    lab.certificate.subarray(0, 100),
    Uint8Array.from([...lab.certificate, 0]),
    new Uint8Array(20_000),
  ]) {
    expect(parseCertificate(bytes)).toBeNull();
  }
});
