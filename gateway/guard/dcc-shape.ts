// Where a certificate and its signature must stand, so that what is covered is what is read.

/**
 * Signature wrapping moves the signed element to where the verifier still finds it and puts a forged
 * one where the reader looks (McIntosh and Austel 2005). Nothing is looked up by id here: the root
 * is the certificate, its one signature is a child of the root, and there is no second of either.
 *
 * @module dcc-shape
 */
import { fail, ok } from '@truegrain/device-sdk/formats/result.js';
import type { DccResult } from './dcc-refusal.ts';
import { childElements, elementsOf, type XmlDocument, type XmlElement } from './xml-document.ts';
import { isNamed, type QName } from './xml-fields.ts';

export interface DccShape {
  readonly root: XmlElement;
  /** Null for an unsigned certificate. */
  readonly signature: SignatureParts | null;
}

export interface SignatureParts {
  readonly element: XmlElement;
  readonly signedInfo: XmlElement;
  /** Base64 of each certificate in KeyInfo. */
  readonly certificates: readonly string[];
}

const ROOT: QName = 'dcc:digitalCalibrationCertificate';
/** What readers in the wild take for an id; xml:id is one without any schema. */
const ID_ATTRIBUTES = ['Id', 'ID', 'id', 'xml:id'];
/** A signer, two issuers and a root, twice. */
const CERTIFICATES_MAX = 8;

export function shapeOf(document: XmlDocument): DccResult<DccShape> {
  const root = document.documentElement;
  if (!root || !isNamed(root, ROOT)) {
    return fail('dcc_root', `the root is ${root?.nodeName.slice(0, 100)}`);
  }
  const ids = new Set<string>();
  const signatures: XmlElement[] = [];
  for (const element of elementsOf(root)) {
    if (element !== root && isNamed(element, ROOT)) {
      return fail('dcc_nested', `within ${element.parentNode?.nodeName.slice(0, 100)}`);
    }
    if (isNamed(element, 'ds:Signature')) signatures.push(element);
    for (const id of idsOf(element)) {
      if (ids.has(id)) return fail('dcc_duplicate_id', id.slice(0, 100));
      ids.add(id);
    }
  }
  const [signature, second] = signatures;
  if (!signature) return ok({ root, signature: null });
  if (second) return fail('dcc_signatures', `${signatures.length} signatures`);
  if (signature.parentNode !== root) {
    return fail('dcc_signatures', `a signature within ${signature.parentNode?.nodeName}`);
  }
  const parts = partsOf(signature);
  return parts.ok ? ok({ root, signature: parts.value }) : parts;
}

function idsOf(element: XmlElement): Set<string> {
  const ids = ID_ATTRIBUTES.map((name) => element.getAttribute(name));
  return new Set(ids.filter((id) => id !== null));
}

const PARTS: readonly QName[] = ['ds:SignedInfo', 'ds:SignatureValue', 'ds:KeyInfo'];

function partsOf(element: XmlElement): DccResult<SignatureParts> {
  const [signedInfo, value, keyInfo] = PARTS.map((name) => {
    const [first, second] = childElements(element).filter((child) => isNamed(child, name));
    return second ? null : first;
  });
  if (!signedInfo || !value) return fail('dcc_signature_form', 'SignedInfo, SignatureValue');
  if (keyInfo === null) return fail('dcc_signature_form', 'KeyInfo more than once');
  const certificates = keyInfo ? certificatesOf(keyInfo) : [];
  if (certificates.length === 0) return fail('dcc_key_info', 'no X509Certificate in KeyInfo');
  if (certificates.length > CERTIFICATES_MAX) {
    return fail('dcc_key_info', `${certificates.length} certificates`);
  }
  return ok({ element, signedInfo, certificates });
}

function certificatesOf(keyInfo: XmlElement): string[] {
  return childElements(keyInfo)
    .filter((child) => isNamed(child, 'ds:X509Data'))
    .flatMap((data) => childElements(data))
    .filter((child) => isNamed(child, 'ds:X509Certificate'))
    .map((child) => child.textContent ?? '');
}
