// From the certificate of a signer to a laboratory that the charter names (RFC 5280 §6.1, without revocation).

/**
 * An anchor is either the signer's own certificate or a CA that issued it, directly or through
 * certificates in KeyInfo. Whatever breaks on the way gives null: an unanchored signature counts as
 * none, it is no offence.
 *
 * @module signer-chain
 */
// The library's dependency injection looks for Reflect.getMetadata as soon as it is loaded.
import 'reflect-metadata';
import { webcrypto, X509Certificate as X509OfOpenSsl } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
} from '@peculiar/x509';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';

export interface LaboratoryAnchor {
  readonly name: string;
  /** X.509, DER. */
  readonly certificate: Uint8Array;
}

/** Of certificates from the signer to the anchor. */
const PATH_MAX = 4;
const CERTIFICATE_BYTES_MAX = 16_384;
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
/** Critical extensions that are understood here; RFC 5280 §4.2: any other one ends the path. */
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE]);
const HASHES = new Set(['SHA-256', 'SHA-384', 'SHA-512']);

const PARTS = [
  'subject',
  'issuer',
  'notBefore',
  'notAfter',
  'publicKey',
  'signatureAlgorithm',
  'extensions',
] as const;

/** Null for anything that is not one readable certificate; also the charter's check of an anchor. */
export function parseCertificate(der: Uint8Array): X509Certificate | null {
  if (der.length > CERTIFICATE_BYTES_MAX) return null;
  try {
    // PEM and trailing bytes pass either parser; what OpenSSL writes back shows them.
    if (!equal(new X509OfOpenSsl(der).raw, der)) return null;
    const certificate = new X509Certificate(Uint8Array.from(der));
    // Parts are parsed when they are first asked for: a malformed one must throw here, not later.
    for (const part of PARTS) void certificate[part];
    return certificate;
  } catch {
    return null;
  }
}

export interface PathQuery {
  readonly signer: X509Certificate;
  /** The other certificates of KeyInfo, trusted for nothing. */
  readonly others: readonly X509Certificate[];
  readonly anchors: readonly LaboratoryAnchor[];
  /** Every certificate of the path must be valid then. */
  readonly atMs: number;
}

interface Step {
  readonly certificate: X509Certificate;
  /** Certificates before this one, the signer first. */
  readonly below: number;
}

/** Name of the first anchor on the shortest path. */
export async function anchorOf(query: PathQuery): Promise<string | null> {
  if (!maySign(query.signer)) return null;
  const anchors = query.anchors.map(({ name, certificate }) => {
    return { name, certificate: parseCertificate(certificate) };
  });
  const known = anchors.flatMap(({ certificate }) => certificate ?? []);
  const seen: X509Certificate[] = [];
  // Breadth first, each certificate once: cross-signed certificates must not multiply.
  const steps: Step[] = [{ certificate: query.signer, below: 0 }];
  for (const { certificate, below } of steps) {
    if (seen.some((other) => other.equal(certificate))) continue;
    seen.push(certificate);
    if (!isUsable(certificate, query.atMs)) continue;
    const anchor = anchors.find((each) => each.certificate?.equal(certificate));
    if (anchor) return anchor.name;
    if (below + 1 >= PATH_MAX) continue;
    for (const issuer of [...known, ...query.others]) {
      if (await issued(issuer, certificate, below)) {
        steps.push({ certificate: issuer, below: below + 1 });
      }
    }
  }
  return null;
}

function isUsable(certificate: X509Certificate, atMs: number): boolean {
  const from = certificate.notBefore.getTime();
  const until = certificate.notAfter.getTime();
  const understood = certificate.extensions.every(
    ({ critical, type }) => !critical || UNDERSTOOD.has(type),
  );
  return understood && from <= atMs && atMs <= until;
}

/** RFC 5280 §4.2.1.3: where key usage is given, it must allow signatures. */
function maySign(signer: X509Certificate): boolean {
  const usages = signer.getExtension(KeyUsagesExtension)?.usages;
  if (usages === undefined) return true;
  return (usages & (KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation)) !== 0;
}

/** `below`: certificates under `subject`, which pathLenConstraint of the issuer counts with it. */
async function issued(
  issuer: X509Certificate,
  subject: X509Certificate,
  below: number,
): Promise<boolean> {
  if (issuer.subject !== subject.issuer) return false;
  const constraints = issuer.getExtension(BasicConstraintsExtension);
  // A laboratory's own certificate, pinned as anchor, vouches for nobody else.
  if (!constraints?.ca || (constraints.pathLength ?? PATH_MAX) < below) return false;
  const usages = issuer.getExtension(KeyUsagesExtension)?.usages ?? KeyUsageFlags.keyCertSign;
  if ((usages & KeyUsageFlags.keyCertSign) === 0) return false;
  try {
    if (!HASHES.has(subject.signatureAlgorithm.hash.name)) return false;
    return await subject.verify({ publicKey: issuer.publicKey, signatureOnly: true }, webcrypto);
  } catch {
    return false;
  }
}
