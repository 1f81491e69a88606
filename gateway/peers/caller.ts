// Who calls: told by which member's CA issued the certificate, never by a name in it.
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Peer } from './directory.ts';

/** Extended key usage id-kp-clientAuth (RFC 5280 §4.2.1.12). */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** The handshake has proved that the caller holds this certificate's key; null without one. */
export function presentedCertificate(socket: TLSSocket): X509Certificate | null {
  const { raw } = socket.getPeerCertificate(false);
  if (raw === undefined) return null;
  try {
    return new X509Certificate(raw);
  } catch {
    return null;
  }
}

/**
 * Holds certificates against each member's CA by itself. A store of all CAs, as TLS libraries have
 * it, picks the issuer by its name: a member whose CA copied another's name could shut that one
 * out everywhere.
 */
export class CallerCheck {
  readonly #cas = new Map<string, X509Certificate | null>();
  /** By certificate and CA: a connection makes many requests, and its signature is checked once. */
  readonly #issuedBy = new WeakMap<X509Certificate, Map<X509Certificate, boolean>>();

  /** The member whose CA issued it, if the certificate is valid now. */
  find(leaf: X509Certificate, peers: readonly Peer[], nowMs: number): Peer | null {
    if (leaf.ca || !holds(leaf, nowMs) || !leaf.keyUsage?.includes(CLIENT_AUTH)) return null;
    const issuer = peers.find(({ ca: der }) => {
      const ca = this.#ca(der);
      return ca !== null && holds(ca, nowMs) && this.#issued(leaf, ca);
    });
    return issuer ?? null;
  }

  #issued(leaf: X509Certificate, ca: X509Certificate): boolean {
    const known = this.#issuedBy.get(leaf) ?? new Map<X509Certificate, boolean>();
    this.#issuedBy.set(leaf, known);
    const issued = known.get(ca) ?? (leaf.checkIssued(ca) && leaf.verify(ca.publicKey));
    known.set(ca, issued);
    return issued;
  }

  #ca(der: Uint8Array): X509Certificate | null {
    const name = toHex(der);
    const known = this.#cas.get(name);
    if (known !== undefined) return known;
    if (this.#cas.size >= CAS_KEPT_MAX) this.#cas.clear();
    const ca = parseCa(der);
    this.#cas.set(name, ca);
    return ca;
  }
}

/** Far above the members of an alliance: forgetting costs one parse each. */
const CAS_KEPT_MAX = 1_000;

/** Self-signed, so that nobody can announce a certificate over another member's CA key. */
function parseCa(der: Uint8Array): X509Certificate | null {
  try {
    const ca = new X509Certificate(der);
    return ca.ca && ca.checkIssued(ca) && ca.verify(ca.publicKey) ? ca : null;
  } catch {
    return null;
  }
}

function holds(certificate: X509Certificate, nowMs: number): boolean {
  return Date.parse(certificate.validFrom) <= nowMs && nowMs < Date.parse(certificate.validTo);
}
