// The member's two X.509 certificates (RFC 5280): its own CA, and what that vouches for.
// The library's dependency injection looks for Reflect.getMetadata as soon as it is loaded.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const DAY_MS = 86_400_000;
const CA_VALID_DAYS = 20 * 365;
const LEAF_VALID_DAYS = 2 * 365;
/** Clocks of members differ: a new certificate must hold at once on one that is behind. */
const BACKDATED_DAYS = 1;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface CaSpec {
  /** The member, for people who look at the certificate. */
  readonly name: string;
  /** PKCS#8 PEM, P-256. */
  readonly keyPem: string;
  readonly nowMs: number;
}

/** Self-signed; may issue end-entity certificates only. */
export async function issueCa({ name, keyPem, nowMs }: CaSpec): Promise<string> {
  const keys = await keysOf(keyPem);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [`${name} (members' door)`] }],
      keys,
      ...validity(nowMs, CA_VALID_DAYS),
      signingAlgorithm: ECDSA,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return pem(certificate);
}

export interface LeafSpec {
  readonly caPem: string;
  readonly caKeyPem: string;
  readonly keyPem: string;
  /** Names and addresses under which peers reach the door. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
}

/** For both ends of a call: the door shows it as a server, the client as a client. */
export async function issueLeaf(spec: LeafSpec): Promise<string> {
  const ca = new X509Certificate(spec.caPem);
  const [issuer, subject] = [await keysOf(spec.caKeyPem), await keysOf(spec.keyPem)];
  const alternatives = spec.hosts.map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension(alternatives),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto),
    await SubjectKeyIdentifierExtension.create(subject.publicKey, false, webcrypto),
  ];
  const certificate = await X509CertificateGenerator.create(
    {
      subject: [{ CN: [spec.hosts[0] ?? 'gateway'] }],
      issuer: ca.subject,
      publicKey: subject.publicKey,
      signingKey: issuer.privateKey,
      ...validity(spec.nowMs, LEAF_VALID_DAYS),
      signingAlgorithm: ECDSA,
      extensions,
    },
    webcrypto,
  );
  return pem(certificate);
}

function validity(nowMs: number, days: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(nowMs - BACKDATED_DAYS * DAY_MS),
    notAfter: new Date(nowMs + days * DAY_MS),
  };
}

async function keysOf(keyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const secret = createPrivateKey(keyPem);
  const pkcs8 = secret.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(secret).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, ECDSA, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, ECDSA, true, ['verify']),
  };
}

const pem = (certificate: X509Certificate): string => `${certificate.toString('pem').trim()}\n`;
