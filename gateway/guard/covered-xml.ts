// XML signature (W3C xmldsig-core1 §3.2) down to the bytes it covers: what is read is what was hashed.

/**
 * The library resolves references, canonicalizes and verifies. Its canonical octets are caught on
 * their way to the hash, hashed again here, and parsed anew: a caller never reads the document that
 * came in. An error of the canonicalization can so refuse a good certificate; it cannot let a reader
 * see something that was not signed.
 *
 * @module covered-xml
 */
import { createHash, webcrypto } from 'node:crypto';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { fail, ok } from '@truegrain/device-sdk/formats/result.js';
import {
  Application,
  CryptoConfig,
  SignedXml,
  XmlCanonicalizer,
  XmlDsigC14NTransform,
} from 'xmldsigjs';
import type { DccResult } from './dcc-refusal.ts';
import type { SignatureParts } from './dcc-shape.ts';
import { C14N_11, profileOf, type SignatureMethod } from './signature-profile.ts';
import { parseXmlText, type XmlDocument, type XmlElement } from './xml-document.ts';

// An object of its own, since the library writes a name into it.
const { subtle } = webcrypto;
const getRandomValues = webcrypto.getRandomValues.bind(webcrypto);
Application.setEngine('node:crypto', { subtle, getRandomValues });

/** Equal to 1.0 for a whole document; `profileOf` refuses it for anything else. */
class WholeDocumentC14n11 extends XmlDsigC14NTransform {
  override Algorithm = C14N_11;
}
CryptoConfig.RegisterTransform(C14N_11, WholeDocumentC14n11);

export interface CoveredXml {
  /** The certificate without its signature, parsed from the octets that were hashed. */
  readonly root: XmlElement;
  /** XAdES, likewise; null where the signature covers none. */
  readonly signedProperties: XmlElement | null;
}

/** A key that may have signed, as Web Crypto wants it for the method of the signature. */
export type VerifyKey = webcrypto.CryptoKey;

export interface VerifiedXml<T> extends CoveredXml {
  /** Whoever's key verifies; more than one where certificates share a key. */
  readonly signers: readonly T[];
}

export interface Candidate<T> {
  readonly signer: T;
  readonly key: VerifyKey;
}

class CaughtXml extends SignedXml {
  /** Canonical octets of each reference, in their order. */
  readonly references: string[] = [];
  signedInfo = '';

  protected override ApplyTransforms(
    ...args: Parameters<SignedXml['ApplyTransforms']>
  ): ReturnType<SignedXml['ApplyTransforms']> {
    const output = super.ApplyTransforms(...args);
    if (typeof output !== 'string') throw new Error('a transform gave no canonical text');
    this.references.push(output);
    return output;
  }

  protected override TransformSignedInfo(
    ...args: Parameters<SignedXml['TransformSignedInfo']>
  ): string {
    this.signedInfo = super.TransformSignedInfo(...args);
    return this.signedInfo;
  }

  /** Throws where a digest is wrong. */
  digest(root: XmlElement): Promise<boolean> {
    return this.ValidateReferences(root.cloneNode(true));
  }

  isSignedBy(key: VerifyKey): Promise<boolean> {
    return this.ValidateSignatureValue([key]);
  }
}

/** `candidates` imports the keys of KeyInfo for the method; it may refuse them. */
export async function verifyXml<T>(
  root: XmlElement,
  signature: SignatureParts,
  candidates: (method: SignatureMethod) => Promise<DccResult<readonly Candidate<T>[]>>,
): Promise<DccResult<VerifiedXml<T>>> {
  const asked = profileOf(signature.signedInfo);
  if (!asked.ok) return asked;
  const keys = await candidates(asked.value.method);
  if (!keys.ok) return keys;
  const xml = new CaughtXml(root.ownerDocument);
  const signers: T[] = [];
  try {
    xml.LoadXml(signature.element);
    await xml.digest(root);
    for (const { signer, key } of keys.value) if (await xml.isSignedBy(key)) signers.push(signer);
  } catch (error) {
    return fail('dcc_signature', reasonOf(error));
  }
  if (signers.length === 0) return fail('dcc_signature', 'no key of KeyInfo verifies the value');
  const covered = coveredBy(xml.signedInfo, xml.references);
  return covered.ok ? ok({ ...covered.value, signers }) : covered;
}

/** From the signed octets alone: which references there are, and what each of them hashed. */
function coveredBy(signedInfo: string, octets: readonly string[]): DccResult<CoveredXml> {
  const parsed = parseXmlText(signedInfo);
  if (!parsed.ok) return parsed;
  const profile = profileOf(rootOf(parsed.value));
  if (!profile.ok) return profile;
  const { references } = profile.value;
  if (references.length !== octets.length) return fail('dcc_signature', 'references differ');
  let root: XmlElement | null = null;
  let signedProperties: XmlElement | null = null;
  for (const [i, { covers, hash, digest }] of references.entries()) {
    const text = octets[i] ?? '';
    if (!equal(createHash(hash).update(text, 'utf8').digest(), digest)) {
      return fail('dcc_signature', `the digest of reference ${i}`);
    }
    const document = parseXmlText(text);
    if (!document.ok) return document;
    if (covers === 'document') root = rootOf(document.value);
    else signedProperties = rootOf(document.value);
  }
  return root ? ok({ root, signedProperties }) : fail('dcc_partial', 'nothing covers the root');
}

/** An unsigned certificate goes the same way: canonical text, without comments, parsed anew. */
export function canonicalRoot(root: XmlElement): DccResult<XmlElement> {
  const parsed = parseXmlText(new XmlCanonicalizer(false, false).Canonicalize(root));
  return parsed.ok ? ok(rootOf(parsed.value)) : parsed;
}

/** The library's own errors have a message and are no `Error`. */
function reasonOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return String(hasMessage ? error.message : error);
}

function rootOf(document: XmlDocument): XmlElement {
  if (!document.documentElement) throw new Error('a parsed document has a root');
  return document.documentElement;
}
