// A digital calibration certificate as evidence: parsed, its signature judged, read from what that covers.

import type { X509Certificate } from '@peculiar/x509';
/**
 * Pure: bytes, anchors and a time in, a certificate or a refusal out. A forged or broken signature
 * refuses the certificate; a missing one, or one under a key that no anchor vouches for, does not,
 * and is said in `signature`.
 *
 * @module certificate
 */
import { fail, ok } from '@truegrain/device-sdk/formats/result.js';
import type { CalibrationCertificate } from './calibration-certificate.ts';
import { canonicalRoot, verifyXml } from './covered-xml.ts';
import { readDcc } from './dcc-reader.ts';
import type { DccResult } from './dcc-refusal.ts';
import { type SignatureParts, shapeOf } from './dcc-shape.ts';
import { readSignedProperties } from './signed-properties.ts';
import { anchorOf, type LaboratoryAnchor } from './signer-chain.ts';
import { candidatesFor, certificatesIn, isNamedBy } from './signer-keys.ts';
import { parseXml, type XmlElement } from './xml-document.ts';

export interface CertificateTrust {
  /** The laboratories that the charter names. */
  readonly anchors: readonly LaboratoryAnchor[];
  /** When the certificate is shown: log time, so that every reader comes to the same answer. */
  readonly nowMs: number;
}

export interface CertificateEvidence {
  readonly certificate: CalibrationCertificate;
  readonly signature: 'verified' | 'unanchored' | 'unsigned';
  /** Name of the anchor; null unless verified. */
  readonly anchor: string | null;
  /** What the signer says; null where nothing signed says it. */
  readonly signedMs: number | null;
}

export async function readCertificate(
  bytes: Uint8Array,
  trust: CertificateTrust,
): Promise<DccResult<CertificateEvidence>> {
  // A snapshot: the caller's buffer may change while keys are imported.
  const document = parseXml(bytes.slice());
  if (!document.ok) return document;
  const shape = shapeOf(document.value);
  if (!shape.ok) return shape;
  const { root, signature } = shape.value;
  if (signature) return readSigned(root, signature, trust);
  const canonical = canonicalRoot(root);
  if (!canonical.ok) return canonical;
  const certificate = readAt(canonical.value, trust.nowMs);
  if (!certificate.ok) return certificate;
  return ok({
    certificate: certificate.value,
    signature: 'unsigned',
    anchor: null,
    signedMs: null,
  });
}

async function readSigned(
  root: XmlElement,
  signature: SignatureParts,
  { anchors, nowMs }: CertificateTrust,
): Promise<DccResult<CertificateEvidence>> {
  const given = certificatesIn(signature.certificates);
  if (!given.ok) return given;
  const verified = await verifyXml(root, signature, (method) => candidatesFor(given.value, method));
  if (!verified.ok) return verified;
  const properties = readSignedProperties(verified.value.signedProperties);
  if (!properties.ok) return properties;
  const { signedMs, certificate: named } = properties.value;
  const signers = verified.value.signers.filter((signer) => !named || isNamedBy(signer, named));
  if (signers.length === 0) {
    return fail('dcc_signing_certificate', 'another certificate than the signed properties name');
  }
  const certificate = readAt(verified.value.root, nowMs);
  if (!certificate.ok) return certificate;
  const { performedMs, issuedMs } = certificate.value;
  if (signedMs !== null && signedMs > nowMs) return fail('dcc_future', 'signed after it is shown');
  // A day has up to 26 hours on either side of the zone that the date leaves open.
  if (signedMs !== null && signedMs < performedMs - ZONE_MS) {
    return fail('dcc_dates', 'signed before it was performed');
  }
  const atMs = signedMs ?? issuedMs ?? performedMs;
  const anchor = await firstAnchor(signers, { others: given.value, anchors, atMs });
  const { value } = certificate;
  return ok({
    certificate: value,
    signature: anchor === null ? 'unanchored' : 'verified',
    anchor,
    signedMs,
  });
}

const ZONE_MS = 14 * 3_600_000;

/** Certificates of one key are one signer; any of them may be the one that leads to an anchor. */
async function firstAnchor(
  signers: readonly X509Certificate[],
  way: { others: X509Certificate[]; anchors: readonly LaboratoryAnchor[]; atMs: number },
): Promise<string | null> {
  for (const signer of signers) {
    const anchor = await anchorOf({ signer, ...way });
    if (anchor !== null) return anchor;
  }
  return null;
}

function readAt(root: XmlElement, nowMs: number): DccResult<CalibrationCertificate> {
  const certificate = readDcc(root);
  if (!certificate.ok) return certificate;
  const { performedMs, issuedMs } = certificate.value;
  if (Math.max(performedMs, issuedMs ?? performedMs) > nowMs) {
    return fail('dcc_future', 'performed or issued after it is shown');
  }
  return certificate;
}
