import { X509Certificate } from 'node:crypto';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { LegalId } from '@truegrain/device-sdk/formats/member-record.js';
import type { Member, Membership } from '@truegrain/device-sdk/formats/membership.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { isLei, isUscc } from '../cli/legal-id.ts';
import { isLocalHost } from './local-host.ts';

/** Members that, as far as one can see, are one and the same organisation. */
export interface Organisation {
  readonly members: readonly Member[];
  /** At least one of them has a sound legal id and evidence for it on record. */
  readonly isEvidenced: boolean;
}

export interface Independence {
  /** Evidenced and unevidenced, in order of their first member. */
  readonly organisations: readonly Organisation[];
  readonly evidenced: readonly Organisation[];
  /** Members without evidence: they could all be one party, and any of the others too. */
  readonly unshown: readonly Member[];
  /** What speaks against independence, in words. */
  readonly against: readonly string[];
  /** Signs that could have spoken for or against it and say nothing here. */
  readonly notSeen: readonly string[];
}

/** A thing that two independent organisations would not have in common. */
interface Mark {
  readonly what: string;
  readonly value: string;
}

/**
 * How many organisations stand behind the members, judged by what the log says of each and not by
 * how many names there are.
 */
export function independenceOf({ members }: Pick<Membership, 'members'>): Independence {
  const all = [...members.values()];
  const group = new Map(all.map(({ iss }) => [iss, iss]));
  const first = new Map<string, Member>();
  const against: string[] = [];
  for (const member of all) {
    for (const { what, value } of marksOf(member)) {
      const key = `${what} ${value}`;
      const other = first.get(key);
      if (other === undefined) first.set(key, member);
      else if (other.iss !== member.iss) {
        against.push(`${other.name} and ${member.name} have the same ${what}: ${value}`);
        join(group, other.iss, member.iss);
      }
    }
  }
  const names = [...new Set(group.values())];
  const organisations = names.map((name) => {
    const own = all.filter(({ iss }) => group.get(iss) === name);
    return { members: own, isEvidenced: own.some(({ legalId }) => isEvidenced(legalId)) };
  });
  return {
    organisations,
    evidenced: organisations.filter((one) => one.isEvidenced),
    unshown: organisations.filter((one) => !one.isEvidenced).flatMap((one) => one.members),
    against,
    notSeen: all.flatMap(silentMarks),
  };
}

/** A legal id whose check digits hold, with the digest of a document that proves it. */
export function isEvidenced({ scheme, value, evidence }: LegalId): boolean {
  if (evidence === null || scheme === 'none') return false;
  return scheme === 'lei' ? isLei(value) : isUscc(value);
}

function join(group: Map<string, string>, a: string, b: string): void {
  const [kept, gone] = [group.get(a), group.get(b)];
  if (kept === undefined) return;
  for (const [iss, name] of group) if (name === gone) group.set(iss, kept);
}

function marksOf(member: Member): Mark[] {
  const { legalId, endpoint } = member;
  const marks: Mark[] = [];
  if (legalId.scheme !== 'none') {
    marks.push({ what: 'legal id', value: `${legalId.scheme} ${legalId.value}` });
  }
  if (legalId.evidence !== null) marks.push({ what: 'evidence', value: toHex(legalId.evidence) });
  const hosts = hostsOf(member).filter((host) => !isLocalHost(host));
  for (const value of new Set(hosts)) marks.push({ what: 'host', value });
  if (endpoint !== null) marks.push({ what: 'certificate authority', value: caMark(endpoint.ca) });
  return marks;
}

/** Of the issuer's URI, of the door for members, of the engine and of the public API. */
function hostsOf({ iss, endpoint }: Member): string[] {
  const addresses = [iss, endpoint?.http, endpoint?.publicUrl].flatMap((url) =>
    url && URL.canParse(url) ? [new URL(url).hostname] : [],
  );
  const p2p = endpoint?.p2p?.replace(/:\d+$/, '');
  return [...addresses, ...(p2p ? [p2p] : [])]
    .filter((host) => host !== '')
    .map((host) => host.toLowerCase());
}

/** The key of the authority, whatever certificate it stands in; else the bytes as they are. */
function caMark(der: Uint8Array): string {
  try {
    const spki = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' });
    return `key ${toHex(sha256(new Uint8Array(spki)))}`;
  } catch {
    return toHex(sha256(der));
  }
}

function silentMarks(member: Member): string[] {
  const { name, endpoint } = member;
  if (endpoint === null)
    return [`${name}: no endpoint on record, so no host and no certificate authority`];
  const { http, publicUrl, p2p } = endpoint;
  const hosts = hostsOf({ ...member, iss: '' });
  if (!hosts.every(isLocalHost)) return [];
  const given = [http, publicUrl, p2p].filter((one) => one !== null).join(', ');
  return [`${name}: all its addresses are local or private, so they tell nothing (${given})`];
}
