// The one shape of ds:SignedInfo (W3C xmldsig-core1 §4.4) that is taken; each other has its own code.

/**
 * Asked twice: of the document before anything is computed, so that no transform or algorithm
 * outside of the lists ever runs, and of the canonical bytes that the signature turned out to cover.
 *
 * @module signature-profile
 */
import { fromBase64 } from '@truegrain/device-sdk/formats/bytes.js';
import { fail, ok } from '@truegrain/device-sdk/formats/result.js';
import type { DccRefused, DccResult } from './dcc-refusal.ts';
import { childElements, type XmlElement } from './xml-document.ts';
import { isNamed, type QName } from './xml-fields.ts';

const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const C14N_10 = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315';
/**
 * Canonical XML 1.1 differs from 1.0 in how xml:* attributes of ancestors outside of the node set
 * are inherited (REC-xml-c14n11 §1.4, §2.4). A whole document has no such ancestors.
 */
export const C14N_11 = 'http://www.w3.org/2006/12/xml-c14n11';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const SIGNED_PROPERTIES_TYPE = 'http://uri.etsi.org/01903#SignedProperties';

/** Node's names; SHA-1 and MD5 are missing on purpose (xmldsig-core1 §6.2 discourages them). */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#sha384', 'sha384'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
]);

/** Null for a hash that is not taken. */
export function hashNamed(algorithm: string | null): string | null {
  return DIGESTS.get(algorithm ?? '') ?? null;
}

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const SIGNATURES: ReadonlyMap<string, SignatureMethod> = new Map(
  [256, 384, 512].flatMap((bits): [string, SignatureMethod][] => [
    [`${MORE}ecdsa-sha${bits}`, { name: 'ECDSA', hash: `SHA-${bits}` }],
    [`${MORE}rsa-sha${bits}`, { name: 'RSASSA-PKCS1-v1_5', hash: `SHA-${bits}` }],
    [
      `http://www.w3.org/2007/05/xmldsig-more#sha${bits}-rsa-MGF1`,
      { name: 'RSA-PSS', hash: `SHA-${bits}` },
    ],
  ]),
);

/** Web Crypto's names. */
export interface SignatureMethod {
  readonly name: 'ECDSA' | 'RSASSA-PKCS1-v1_5' | 'RSA-PSS';
  readonly hash: string;
}

export interface CoveredReference {
  readonly covers: 'document' | 'signedProperties';
  /** Node's name of the hash. */
  readonly hash: string;
  readonly digest: Uint8Array;
}

export interface SignatureProfile {
  readonly method: SignatureMethod;
  /** In their order; exactly one covers the document. */
  readonly references: readonly CoveredReference[];
}

export function profileOf(signedInfo: XmlElement): DccResult<SignatureProfile> {
  const canonicalization = algorithmOf(only(signedInfo, 'ds:CanonicalizationMethod'));
  // SignedInfo is a part of the document: here the difference of 1.1 would count.
  if (canonicalization !== C14N_10 && canonicalization !== EXCLUSIVE) {
    return fail('dcc_canonicalization', `of SignedInfo: ${canonicalization}`);
  }
  const signatureMethod = only(signedInfo, 'ds:SignatureMethod');
  const method = SIGNATURES.get(algorithmOf(signatureMethod) ?? '');
  if (!method || !signatureMethod || hasParameters(signatureMethod)) {
    return fail('dcc_algorithm', `of the signature: ${algorithmOf(signatureMethod)}`);
  }
  const references: CoveredReference[] = [];
  for (const element of childElements(signedInfo)) {
    if (!isNamed(element, 'ds:Reference')) continue;
    const reference = referenceOf(element);
    if (!reference.ok) return reference;
    references.push(reference.value);
  }
  const whole = references.filter(({ covers }) => covers === 'document').length;
  if (whole === 0) return fail('dcc_partial', 'no reference to the whole document');
  if (whole > 1 || references.length > 2) {
    return fail('dcc_reference', `${references.length} references`);
  }
  return ok({ method, references });
}

function referenceOf(reference: XmlElement): DccResult<CoveredReference> {
  const covers = coverageOf(reference);
  if (typeof covers !== 'string') return covers;
  const refused = refusedTransform(reference, covers);
  if (refused) return refused;
  const method = only(reference, 'ds:DigestMethod');
  const hash = hashNamed(algorithmOf(method));
  if (!hash) return fail('dcc_algorithm', `of a digest: ${algorithmOf(method)}`);
  const digest = base64In(only(reference, 'ds:DigestValue')?.textContent ?? '');
  if (!digest) return fail('dcc_signature_form', 'a digest is not base64');
  return ok({ covers, hash, digest });
}

/** xs:base64Binary may be broken into lines. */
export function base64In(text: string): Uint8Array | null {
  return fromBase64(text.replace(/[ \t\r\n]/g, ''));
}

function coverageOf(reference: XmlElement): CoveredReference['covers'] | DccRefused {
  // An absent URI leaves it to the application what is meant (§4.4.3.1).
  const uri = reference.getAttribute('URI');
  if (uri === '') return 'document';
  if (uri === null) return fail('dcc_reference', 'a reference without URI');
  if (!uri.startsWith('#')) return fail('dcc_external', `a reference to ${uri.slice(0, 100)}`);
  if (reference.getAttribute('Type') === SIGNED_PROPERTIES_TYPE) return 'signedProperties';
  // Alone, such a reference signs a part and leaves the rest to anybody; beside another it says
  // nothing this reader uses.
  const alone = siblings(reference).every((other) => other.getAttribute('URI') !== '');
  return fail(alone ? 'dcc_partial' : 'dcc_reference', `a reference to ${uri.slice(0, 100)}`);
}

function siblings(reference: XmlElement): XmlElement[] {
  const { parentNode } = reference;
  if (!parentNode) return [reference];
  return childElements(parentNode).filter((other) => isNamed(other, 'ds:Reference'));
}

/** `enveloped-signature` and then one canonicalization, or that alone within the signature. */
function refusedTransform(
  reference: XmlElement,
  covers: CoveredReference['covers'],
): DccRefused | null {
  const transforms = only(reference, 'ds:Transforms');
  const elements = transforms ? childElements(transforms) : [];
  // XPath, XSLT and InclusiveNamespaces carry what they do in children.
  const parametrized = elements.find((element) => hasParameters(element));
  if (parametrized) return fail('dcc_transform', `${algorithmOf(parametrized)} with parameters`);
  const names = elements.map((element) => algorithmOf(element) ?? 'none');
  if (covers === 'signedProperties') {
    const [only, ...more] = names;
    if (only === C14N_11) return fail('dcc_canonicalization', 'Canonical XML 1.1 of a part');
    if (only && more.length === 0 && (only === EXCLUSIVE || only === C14N_10)) return null;
    return fail('dcc_transform', names.join(', ') || 'no transform of the signed properties');
  }
  const [enveloped, canonical = C14N_10, ...more] = names;
  const whole = [C14N_10, C14N_11, EXCLUSIVE].includes(canonical) && more.length === 0;
  if (enveloped === ENVELOPED && whole) return null;
  return fail('dcc_transform', names.join(', ') || 'no transform of the document');
}

function hasParameters(element: XmlElement): boolean {
  return childElements(element).length > 0;
}

function algorithmOf(element: XmlElement | null): string | null {
  return element?.getAttribute('Algorithm') ?? null;
}

/** Null where there is none or more than one. */
function only(parent: XmlElement, name: QName): XmlElement | null {
  const [first, second] = childElements(parent).filter((child) => isNamed(child, name));
  return second ? null : (first ?? null);
}
