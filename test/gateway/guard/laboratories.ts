// Calibration laboratories that exist in tests only: keys, certificates, a CA above them.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2_048,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: 'SHA-256',
} as const;

export interface Laboratory {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: Uint8Array;
  /** PKCS#8. */
  readonly privateKey: Uint8Array;
}

export interface LaboratorySpec {
  readonly issuer?: Laboratory;
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly usages?: number;
  readonly from?: string;
  readonly until?: string;
  readonly algorithm?: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams;
  /** Hash of the issuer's signature. */
  readonly hash?: string;
  /** Beside basic constraints and key usage. */
  readonly extensions?: Extension[];
  /** In place of them. */
  readonly onlyExtensions?: Extension[];
  /** Another certificate for a key that there is already. */
  readonly keys?: webcrypto.CryptoKeyPair;
}

let serial = 1;

export async function laboratory(name: string, spec: LaboratorySpec = {}): Promise<Laboratory> {
  const { issuer, ca = false, pathLength, algorithm = P256, extensions = [] } = spec;
  const { usages = ca ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature } = spec;
  const keys =
    spec.keys ?? (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']));
  const signer = issuer?.keys.privateKey ?? keys.privateKey;
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: (serial++).toString(16).padStart(4, '0'),
      subject: `CN=${name}`,
      issuer: `CN=${issuer?.name ?? name}`,
      notBefore: new Date(spec.from ?? '2025-01-01T00:00:00Z'),
      notAfter: new Date(spec.until ?? '2028-01-01T00:00:00Z'),
      publicKey: keys.publicKey,
      signingKey: signer,
      signingAlgorithm: { ...signer.algorithm, hash: spec.hash ?? 'SHA-256' } as never,
      extensions: spec.onlyExtensions ?? [
        new BasicConstraintsExtension(ca, pathLength, true),
        new KeyUsagesExtension(usages, true),
        ...extensions,
      ],
    },
    webcrypto,
  );
  const privateKey = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    name,
    keys,
    certificate: new Uint8Array(certificate.rawData),
    privateKey: new Uint8Array(privateKey),
  };
}

export function anchor(of: Laboratory) {
  return { name: of.name, certificate: of.certificate };
}

/** A critical extension nobody has heard of. */
export const unknownCritical = new Extension('1.3.6.1.4.1.32473.1', true, Uint8Array.of(5, 0));
