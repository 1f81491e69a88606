// XML signatures written out by hand, so that each test can write one that is wrong in one way.
import { constants, createHash, createPrivateKey, sign } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';
import { XmlCanonicalizer } from 'xmldsigjs';
import type { Laboratory } from './laboratories.ts';
import { ROOT_END } from './made-dcc.ts';

export const DS = 'http://www.w3.org/2000/09/xmldsig#';
export const XADES = 'http://uri.etsi.org/01903/v1.3.2#';
export const ENVELOPED = `${DS}enveloped-signature`;
export const C14N_10 = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
export const C14N_11 = 'http://www.w3.org/2006/12/xml-c14n11';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
export const ECDSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256';
export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const PROPERTIES_TYPE = 'http://uri.etsi.org/01903#SignedProperties';

const algorithm = (element: string, uri: string, content = '') =>
  `<ds:${element} Algorithm="${uri}">${content}</ds:${element}>`;

export interface ReferenceSpec {
  readonly uri?: string | null;
  readonly type?: string;
  readonly transforms?: readonly (string | readonly [uri: string, content: string])[];
  readonly digestMethod?: string;
  /** Base64. */
  readonly digest: string;
}

export function reference({ uri = '', type, transforms, digestMethod, digest }: ReferenceSpec) {
  const steps = (transforms ?? [ENVELOPED, C14N_11]).map((each) =>
    typeof each === 'string' ? algorithm('Transform', each) : algorithm('Transform', ...each),
  );
  const attributes = `${type ? ` Type="${type}"` : ''}${uri === null ? '' : ` URI="${uri}"`}`;
  return `<ds:Reference${attributes}><ds:Transforms>${steps.join('')}</ds:Transforms>${algorithm('DigestMethod', digestMethod ?? SHA256)}<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`;
}

export interface SignSpec {
  readonly by: Laboratory;
  /** In KeyInfo; the signer's alone if not given. */
  readonly certificates?: readonly Uint8Array[];
  /** In place of the reference to the whole document. */
  readonly references?: (digest: string) => string;
  readonly canonicalization?: string;
  readonly signatureMethod?: string;
  /** xades:SigningTime; null for a signature without XAdES. */
  readonly signedAt?: string | null;
  /** Whose certificate XAdES names. */
  readonly names?: Laboratory;
  readonly propertiesTransform?: string;
  /** What is signed in place of exclusive SignedInfo, from its content. */
  readonly octets?: (content: string) => string;
  readonly keyInfo?: string;
  /** Further ds:Object elements, which nothing covers. */
  readonly objects?: string;
}

/** Signs `text` as it stands; the signature is the last child of its root. */
export function signedDcc(text: string, spec: SignSpec): string {
  return text.replace(ROOT_END, () => `${signatureOf(text, spec)}${ROOT_END}`);
}

export function signatureOf(text: string, spec: SignSpec): string {
  const { by, signedAt = '2026-03-02T10:00:00Z', objects = '' } = spec;
  const digest = sha256(canonical(text));
  const properties = signedAt === null ? null : propertiesOf(signedAt, spec.names ?? by);
  const references = [
    spec.references?.(digest) ?? reference({ digest }),
    properties === null
      ? ''
      : reference({
          uri: '#xp',
          type: PROPERTIES_TYPE,
          transforms: [spec.propertiesTransform ?? EXCLUSIVE],
          digest: sha256(properties),
        }),
  ];
  const method = spec.signatureMethod ?? ECDSA_SHA256;
  const content = `${algorithm('CanonicalizationMethod', spec.canonicalization ?? EXCLUSIVE)}${algorithm('SignatureMethod', method)}${references.join('')}`;
  const exclusive = `<ds:SignedInfo xmlns:ds="${DS}">${content}</ds:SignedInfo>`;
  const value = signOctets(spec.octets?.(content) ?? exclusive, spec);
  const object =
    properties === null
      ? ''
      : `<ds:Object><xades:QualifyingProperties xmlns:xades="${XADES}" Target="#sig">${properties}</xades:QualifyingProperties></ds:Object>`;
  const keyInfo = spec.keyInfo ?? keyInfoOf(spec.certificates ?? [by.certificate]);
  return `<ds:Signature xmlns:ds="${DS}" Id="sig"><ds:SignedInfo>${content}</ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue>${keyInfo}${object}${objects}</ds:Signature>`;
}

export function keyInfoOf(certificates: readonly Uint8Array[]): string {
  const each = certificates.map(
    (der) => `<ds:X509Certificate>${Buffer.from(der).toString('base64')}</ds:X509Certificate>`,
  );
  return `<ds:KeyInfo><ds:X509Data>${each.join('')}</ds:X509Data></ds:KeyInfo>`;
}

/** As exclusive canonicalization would write it: each namespace where it is first used. */
function propertiesOf(signedAt: string, { certificate }: Laboratory): string {
  const digest = `<ds:DigestMethod xmlns:ds="${DS}" Algorithm="${SHA256}"></ds:DigestMethod><ds:DigestValue xmlns:ds="${DS}">${sha256(certificate)}</ds:DigestValue>`;
  return `<xades:SignedProperties xmlns:xades="${XADES}" Id="xp"><xades:SignedSignatureProperties><xades:SigningTime>${signedAt}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>${digest}</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>`;
}

function signOctets(octets: string, { by, signatureMethod }: SignSpec): string {
  const key = createPrivateKey({
    key: Buffer.from(by.privateKey),
    format: 'der',
    type: 'pkcs8',
  });
  const [, bits = '256'] = /sha(\d+)/.exec(signatureMethod ?? '') ?? [];
  const pss = signatureMethod?.endsWith('MGF1')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 }
    : {};
  const options = { key, dsaEncoding: 'ieee-p1363', ...pss } as const;
  return sign(`sha${bits}`, Buffer.from(octets), options).toString('base64');
}

export function canonical(text: string, exclusive = false): string {
  const document = new DOMParser().parseFromString(text, 'application/xml');
  return new XmlCanonicalizer(false, exclusive).Canonicalize(document.documentElement as never);
}

export function sha256(octets: string | Uint8Array): string {
  return createHash('sha256').update(octets).digest('base64');
}
