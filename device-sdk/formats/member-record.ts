// SPEC.md §4.1: who a member is and with which keys; a founder in the charter, later in a proposal.

/** @module member-record */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { type CoseKey, coseKeyMap } from './cose-key.ts';
import type { Fields } from './fields.ts';
import { MEMBER_KINDS, type MemberKeyRole, type MemberKind, URI } from './governance.ts';
import { sha256 } from './sha256.ts';

export interface LegalId {
  /** LEI (ISO 17442) or unified social credit code (GB 32100); none for a demo ledger. */
  readonly scheme: 'lei' | 'uscc' | 'none';
  readonly value: string;
  /** SHA-256 of the document that proves it; without one the organisation does not count as distinct. */
  readonly evidence: Uint8Array | null;
}

export interface Founder {
  readonly iss: string;
  readonly name: string;
  readonly legalId: LegalId;
  readonly kind: MemberKind;
  /** Signs governance and nothing else. */
  readonly memberKey: CoseKey;
  /** Signs checkpoints and receipts; Ed25519, as C2SP notes know no P-256. */
  readonly logKey: CoseKey;
  /** Signs cosignatures under `cosignerName` and under no other name. */
  readonly cosigningKey: CoseKey;
  readonly cosignerName: string;
  /** The consensus key of an alliance node, Ed25519 as the engine asks; null where there is none. */
  readonly nodeKey: CoseKey | null;
  /** Each signs the batches of one gateway and nothing else. */
  readonly gatewayKeys: readonly CoseKey[];
}

export const GATEWAY_KEYS_MAX = 64;
/** A signed-note key name (C2SP): no space, no `+`. */
const COSIGNER_NAME = /^[!-*,-~]{1,255}$/;

export function memberRecordMap(member: Founder): CborMap {
  const { scheme, value, evidence } = member.legalId;
  return new Map<CborKey, CborValue>([
    ['iss', member.iss],
    ['name', member.name],
    [
      'legalId',
      new Map<CborKey, CborValue>([
        ['scheme', scheme],
        ['value', value],
        ['evidence', evidence],
      ]),
    ],
    ['kind', member.kind],
    ['memberKey', coseKeyMap(member.memberKey)],
    ['logKey', coseKeyMap(member.logKey)],
    ['cosigningKey', coseKeyMap(member.cosigningKey)],
    ['cosignerName', member.cosignerName],
    ['nodeKey', member.nodeKey ? coseKeyMap(member.nodeKey) : null],
    ['gatewayKeys', member.gatewayKeys.map(coseKeyMap)],
  ]);
}

/** Form only: whether its keys are sound and its names free is for the fold to say. */
export function readMemberRecord(fields: Fields): Founder {
  const member = {
    iss: fields.text('iss', { pattern: URI }),
    name: fields.text('name', { max: 256 }),
    legalId: readLegalId(fields.map('legalId')),
    kind: fields.oneOf('kind', MEMBER_KINDS),
    memberKey: fields.key('memberKey'),
    logKey: fields.key('logKey', 'Ed25519'),
    cosigningKey: fields.key('cosigningKey', 'Ed25519'),
    cosignerName: fields.text('cosignerName', { pattern: COSIGNER_NAME }),
    nodeKey: fields.isNull('nodeKey') ? null : fields.key('nodeKey', 'Ed25519'),
    gatewayKeys: fields.keys('gatewayKeys', { max: GATEWAY_KEYS_MAX }),
  };
  fields.close();
  return member;
}

function readLegalId(fields: Fields): LegalId {
  const scheme = fields.oneOf('scheme', ['lei', 'uscc', 'none']);
  const value = fields.text('value', { min: scheme === 'none' ? 0 : 18, max: 20 });
  const evidence = fields.digestOrNull('evidence');
  if (scheme === 'lei' && !/^[0-9A-Z]{18}[0-9]{2}$/.test(value)) fields.odd('value', 'not an LEI');
  if (scheme === 'uscc' && !/^[0-9A-Z]{18}$/.test(value)) fields.odd('value', 'not a USCC');
  if (scheme === 'none' && value !== '') fields.odd('value', 'a value without a scheme');
  fields.close();
  return { scheme, value, evidence };
}

/** In the order in which they are registered and proved. */
export function recordKeys(member: Founder): { role: MemberKeyRole; key: CoseKey }[] {
  const { memberKey, logKey, cosigningKey, nodeKey, gatewayKeys } = member;
  return [
    { role: 'member', key: memberKey },
    { role: 'log', key: logKey },
    { role: 'cosigner', key: cosigningKey },
    ...(nodeKey ? [{ role: 'node' as const, key: nodeKey }] : []),
    ...gatewayKeys.map((key) => ({ role: 'gateway' as const, key })),
  ];
}

/** What each key of a card signs, so that no key can be taken out of one card into another. */
export function recordDigest(member: Founder): Uint8Array {
  return sha256(encodeCbor(memberRecordMap(member)));
}
