// XAdES (ETSI EN 319 132-1 §5.2) signed properties, read from the octets that the signature covers.

/**
 * Two of them matter here: when the signer says to have signed, and with which certificate. Unsigned
 * properties (time-stamps, revocation values) are not read: nothing vouches for them but themselves.
 *
 * @module signed-properties
 */
import { ok } from '@truegrain/device-sdk/formats/result.js';
import type { DccResult } from './dcc-refusal.ts';
import { base64In, hashNamed } from './signature-profile.ts';
import type { NamedCertificate } from './signer-keys.ts';
import type { XmlElement } from './xml-document.ts';
import { isNamed, XmlFields } from './xml-fields.ts';

export interface SignedProperties {
  /** Null where the signature covers none. */
  readonly signedMs: number | null;
  readonly certificate: NamedCertificate | null;
}

export function readSignedProperties(element: XmlElement | null): DccResult<SignedProperties> {
  if (element === null) return ok({ signedMs: null, certificate: null });
  const fields = new XmlFields(element, 'SignedProperties');
  if (!isNamed(element, 'xades:SignedProperties')) {
    fields.refuse('dcc_reference', `to ${element.nodeName.slice(0, 100)} as signed properties`);
  }
  const properties = fields.optional('xades:SignedSignatureProperties');
  const time = properties?.optional('xades:SigningTime');
  const named = properties?.optional('xades:SigningCertificateV2');
  const older = properties?.optional('xades:SigningCertificate');
  const signed: SignedProperties = {
    signedMs: time?.timeMs() ?? null,
    certificate: readNamed(named ?? older ?? null),
  };
  return fields.refused ?? ok(signed);
}

/** §5.2.2: the first Cert is the signer's. */
function readNamed(fields: XmlFields | null): NamedCertificate | null {
  if (fields === null) return null;
  const [first] = fields.all('xades:Cert');
  const digest = first?.one('xades:CertDigest');
  const algorithm = digest?.one('ds:DigestMethod').attribute('Algorithm') ?? null;
  const hash = hashNamed(algorithm);
  const value = base64In(digest?.one('ds:DigestValue').text() ?? '');
  if (!hash) fields.refuse('dcc_algorithm', `of the signer's certificate: ${algorithm}`);
  else if (!value) fields.odd('the digest is not base64');
  return hash && value ? { hash, digest: value } : null;
}
