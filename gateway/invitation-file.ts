import { readFileSync } from 'node:fs';
import { type CborKey, type CborValue, encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import {
  type Endpoint,
  endpointMap,
  readEndpoint,
} from '@truegrain/device-sdk/formats/endpoint.js';
import { type Fields, openFields } from '@truegrain/device-sdk/formats/fields.js';
import {
  MEMBER_KINDS,
  MEMBERS_MAX,
  type MemberKind,
  URI,
} from '@truegrain/device-sdk/formats/governance.js';
import type { MemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { encodeFounding, type Founding, FoundingError, parseFounding } from './founding-file.ts';

export interface InvitedPeer {
  readonly iss: string;
  readonly name: string;
  readonly kind: MemberKind;
  readonly endpoint: Endpoint;
}

/** Before a log says anything else. */
export function peerOfCard({ member, endpoint }: MemberCard): InvitedPeer {
  const { iss, name, kind } = member;
  return { iss, name, kind, endpoint };
}

/**
 * What a newcomer pins of an alliance that runs: `.tginvite`. The founding names the ledger; where
 * its members are now, and with which keys they vouch at `size`, is the inviting member's word: the
 * newcomer checks all of it against the log once it has the log.
 */
export interface Invitation {
  readonly founding: Founding;
  readonly peers: readonly InvitedPeer[];
  /** C2SP tlog-policy text. */
  readonly policy: string;
  /** Leaves in the inviting member's log, and changes of the membership until then. */
  readonly size: number;
  readonly epoch: number;
}

const VERSION = 1;
const BYTES_MAX = 8 * 1_048_576;
const POLICY_CHARS_MAX = 262_144;

export function encodeInvitation(invitation: Invitation): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', VERSION],
      ['founding', encodeFounding(invitation.founding.parts)],
      ['policy', invitation.policy],
      ['size', invitation.size],
      ['epoch', invitation.epoch],
      ['peers', invitation.peers.map(peerMap)],
    ]),
  );
}

function peerMap({ iss, name, kind, endpoint }: InvitedPeer): Map<CborKey, CborValue> {
  return new Map<CborKey, CborValue>([
    ['iss', iss],
    ['name', name],
    ['kind', kind],
    ['endpoint', endpointMap(endpoint)],
  ]);
}

/** Form alone, as `parseFounding`. */
export function parseInvitation(bytes: Uint8Array): Result<Invitation, string> {
  if (bytes.length > BYTES_MAX) return fail('too_large', `${bytes.length} bytes`);
  const opened = openFields(bytes, 'invitation');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', VERSION);
  const parts = fields.finish({
    founding: fields.bytes('founding', { max: BYTES_MAX }),
    policy: fields.prose('policy', { max: POLICY_CHARS_MAX }),
    size: fields.uint('size', { min: 1 }),
    epoch: fields.uint('epoch'),
    peers: fields.maps('peers', { min: 1, max: MEMBERS_MAX }).map(readPeer),
  });
  if (!parts.ok) return parts;
  const founding = parseFounding(parts.value.founding);
  if (!founding.ok) return founding;
  const policy = parsePolicy(parts.value.policy);
  return policy.ok ? ok({ ...parts.value, founding: founding.value }) : policy;
}

function readPeer(fields: Fields): InvitedPeer {
  const inner = fields.map('endpoint');
  const endpoint = readEndpoint(inner);
  inner.close();
  const peer = {
    iss: fields.text('iss', { pattern: URI }),
    name: fields.text('name', { max: 256 }),
    kind: fields.oneOf('kind', MEMBER_KINDS),
    endpoint,
  };
  fields.close();
  return peer;
}

/** The invitation of a data folder; throws FoundingError. */
export function readInvitation(file: string): Invitation {
  const parsed = parseInvitation(new Uint8Array(readFileSync(file)));
  if (!parsed.ok) throw new FoundingError(`${file}: ${parsed.code}: ${parsed.detail}`);
  return parsed.value;
}
