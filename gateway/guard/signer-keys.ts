// The certificates of KeyInfo and their keys, as the signature method needs them.

/** @module signer-keys */
import { createHash, webcrypto } from 'node:crypto';
import type { X509Certificate } from '@peculiar/x509';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { fail, ok } from '@truegrain/device-sdk/formats/result.js';
import type { Candidate } from './covered-xml.ts';
import type { DccResult } from './dcc-refusal.ts';
import { base64In, type SignatureMethod } from './signature-profile.ts';
import { parseCertificate } from './signer-chain.ts';

const RSA_BITS_MIN = 2_048;
const RSA_BITS_MAX = 8_192;

export function certificatesIn(texts: readonly string[]): DccResult<X509Certificate[]> {
  const certificates: X509Certificate[] = [];
  for (const text of texts) {
    const der = base64In(text);
    const certificate = der ? parseCertificate(der) : null;
    if (!certificate) return fail('dcc_key_info', 'an unreadable X509Certificate');
    certificates.push(certificate);
  }
  return ok(certificates);
}

/** Those whose key fits the method; the others can't have signed. */
export async function candidatesFor(
  certificates: readonly X509Certificate[],
  method: SignatureMethod,
): Promise<DccResult<Candidate<X509Certificate>[]>> {
  const candidates: Candidate<X509Certificate>[] = [];
  for (const signer of certificates) {
    const algorithm = importFor(signer, method);
    if (algorithm === 'weak') return fail('dcc_algorithm', 'an RSA key outside of 2,048 to 8,192');
    if (algorithm === null) continue;
    try {
      const key = await signer.publicKey.export(algorithm, ['verify'], webcrypto);
      candidates.push({ signer, key });
    } catch (error) {
      return fail('dcc_key_info', error instanceof Error ? error.message : String(error));
    }
  }
  return ok(candidates);
}

type KeyImport = webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams;

function importFor(
  { publicKey }: X509Certificate,
  { name, hash }: SignatureMethod,
): KeyImport | 'weak' | null {
  const algorithm: Partial<webcrypto.EcKeyAlgorithm & webcrypto.RsaKeyAlgorithm> =
    publicKey.algorithm;
  if (name === 'ECDSA') {
    const { namedCurve } = algorithm;
    return algorithm.name === 'ECDSA' && namedCurve ? { name, namedCurve } : null;
  }
  const { modulusLength = 0 } = algorithm;
  if (modulusLength === 0) return null;
  if (modulusLength < RSA_BITS_MIN || modulusLength > RSA_BITS_MAX) return 'weak';
  return { name, hash };
}

export interface NamedCertificate {
  /** Node's name. */
  readonly hash: string;
  readonly digest: Uint8Array;
}

/** Whether it is the certificate of which XAdES signs the digest. */
export function isNamedBy(certificate: X509Certificate, { hash, digest }: NamedCertificate) {
  const own = createHash(hash).update(new Uint8Array(certificate.rawData)).digest();
  return equal(own, digest);
}
