// The member's own CA and the certificate it shows to peers: `tls/` in the data folder.
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { KeyError, readSecret } from '../keys.ts';
import { createDurably, writeDurably } from '../store/durable-files.ts';

export interface MemberTls {
  /** What the endpoint statement announces and peers pin. */
  readonly caDer: Uint8Array;
  readonly certPem: string;
  readonly keyPem: string;
  readonly notAfterMs: number;
}

export interface MemberTlsSpec {
  /** The member, for people. */
  readonly name: string;
  /** Names and addresses of the door, as peers will call it. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
}

const RENEWED_BEFORE_MS = 60 * 86_400_000;

const filesOf = (dir: string) => ({
  ca: join(dir, 'ca.pem'),
  caKey: join(dir, 'ca-key.pem'),
  cert: join(dir, 'cert.pem'),
  key: join(dir, 'key.pem'),
});

/**
 * Makes what is missing in `dir`, and nothing that is there. Keys come before what they sign: a
 * crash leaves a key without a certificate, which the next run gives to that same key.
 */
export async function createMemberTls(dir: string, spec: MemberTlsSpec): Promise<MemberTls> {
  const files = filesOf(dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (!existsSync(files.ca)) {
    if (!existsSync(files.caKey)) createDurably(files.caKey, newKey());
    const { issueCa } = await import('./issue-certificate.ts');
    const keyPem = secretText(files.caKey);
    writeDurably(files.ca, await issueCa({ name: spec.name, keyPem, nowMs: spec.nowMs }));
  }
  if (!existsSync(files.key)) createDurably(files.key, newKey());
  return (await renewMemberTls(dir, spec)) ?? loadMemberTls(dir);
}

/** For a further gateway of the same member: it shows a certificate of the CA that peers know. */
export function copyMemberCa(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const [known, own] = [filesOf(from), filesOf(to)];
  createDurably(own.caKey, secretText(known.caKey));
  writeDurably(own.ca, readFileSync(known.ca));
}

/**
 * A new certificate where the present one runs out, misses a host, or is for another key; null
 * where it is good. CA and key stay: the CA is what peers pin. (A key that may be known to others
 * is deleted by its owner, and `createMemberTls` makes another.) The certificate is replaced
 * whole, so that a crash leaves the old one or the new one.
 */
export async function renewMemberTls(
  dir: string,
  { hosts, nowMs }: Pick<MemberTlsSpec, 'hosts' | 'nowMs'>,
): Promise<MemberTls | null> {
  const files = filesOf(dir);
  if (!isDue(files, hosts, nowMs)) return null;
  if (!existsSync(files.caKey)) {
    throw new KeyError(`${files.caKey} is needed to renew ${files.cert}: bring it back for that`);
  }
  const { issueLeaf } = await import('./issue-certificate.ts');
  const leaf = await issueLeaf({
    caPem: readFileSync(files.ca, 'utf8'),
    caKeyPem: secretText(files.caKey),
    keyPem: secretText(files.key),
    hosts,
    nowMs,
  });
  writeDurably(files.cert, leaf);
  return loadMemberTls(dir);
}

/** Does not need the CA's key, which may be kept elsewhere between renewals. */
export function loadMemberTls(dir: string): MemberTls {
  const files = filesOf(dir);
  const keyPem = secretText(files.key);
  const certPem = readFileSync(files.cert, 'utf8');
  const leaf = new X509Certificate(certPem);
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new KeyError(`${files.cert} is not the certificate of ${files.key}`);
  }
  return {
    caDer: new Uint8Array(new X509Certificate(readFileSync(files.ca)).raw),
    certPem,
    keyPem,
    notAfterMs: Date.parse(leaf.validTo),
  };
}

function isDue(files: ReturnType<typeof filesOf>, hosts: readonly string[], nowMs: number) {
  if (!existsSync(files.cert)) return true;
  const leaf = new X509Certificate(readFileSync(files.cert));
  if (Date.parse(leaf.validTo) - nowMs < RENEWED_BEFORE_MS) return true;
  if (!leaf.verify(new X509Certificate(readFileSync(files.ca)).publicKey)) return true;
  if (!leaf.checkPrivateKey(createPrivateKey(secretText(files.key)))) return true;
  return hosts.some((host) => {
    return (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) === undefined;
  });
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

const secretText = (file: string): string => readSecret(file).toString('utf8');
