import { join } from 'node:path';

export type MemberKind = 'participant' | 'regulator' | 'self-regulatory' | 'auditor';

/** All on 127.0.0.1. */
export interface MemberPorts {
  readonly http: number;
  readonly mqtt: number;
  /** The members' door. */
  readonly peer: number;
  /** The engine's. */
  readonly p2p: number;
}

/** One organisation of an alliance that runs on this machine, in a folder of its own. */
export interface MemberPlace {
  /** Short; names its folder and its host. */
  readonly name: string;
  readonly iss: string;
  readonly kind: MemberKind;
  readonly data: string;
  readonly ports: MemberPorts;
  /** A code that no authority gave out; absent where the member states none. */
  readonly lei?: string;
  /** Where others are told to reach it, if not at `ports`: a proxy in between. */
  readonly advertise?: { readonly peer?: string; readonly p2p?: string };
}

export const PORTS_A_MEMBER = 4;

/** A name that nobody can have (RFC 2606), four ports in a row from `port` on. */
export function memberPlace(member: {
  name: string;
  kind: MemberKind;
  root: string;
  port: number;
}): MemberPlace {
  const { name, kind, root, port } = member;
  return {
    name,
    iss: `https://${name}.invalid`,
    kind,
    data: join(root, name),
    ports: { http: port, mqtt: port + 1, peer: port + 2, p2p: port + 3 },
    lei: leiOf(name),
  };
}

/** ISO 17442 with right check digits (ISO/IEC 7064 MOD 97-10); issuer 0000 does not exist. */
function leiOf(name: string): string {
  const letters = name.toUpperCase().replaceAll(/[^0-9A-Z]/g, '');
  const body = `0000${letters.padStart(14, '0').slice(-14)}`;
  const digits = [...`${body}00`].map((one) => Number.parseInt(one, 36)).join('');
  return `${body}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}`;
}
