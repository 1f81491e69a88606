// SPEC.md §4.1: the charter, leaf 0; DESIGN §5 says which fields must not be left to a default.

/** @module charter */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { charterContradiction } from './charter-rules.ts';
import { type CoseKey, coseKeyMap } from './cose-key.ts';
import { type Fields, openFields } from './fields.ts';
import { GOVERNANCE_VERSION, MEMBER_KINDS, type MemberKind, URI } from './governance.ts';
import { fail, type Result } from './result.ts';

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
  /** The consensus key of an alliance node; null in solo mode. */
  readonly nodeKey: CoseKey | null;
  /** Each signs the batches of one gateway and nothing else. */
  readonly gatewayKeys: readonly CoseKey[];
}

export interface Charter {
  readonly logTimeMs: number;
  readonly ledgerName: string;
  /** What the ledger is for, in plain words. */
  readonly text: string;
  readonly mode: 'solo' | 'alliance';
  /** The first is the convener, who signs. */
  readonly founders: readonly Founder[];
  readonly quorum: number;
  readonly answerTermDays: number;
  readonly noticeTermDays: number;
  readonly expulsion: 'all-but-expelled';
  readonly ruleApprovals: number;
  readonly retentionDays: number;
  readonly disclosure: 'open' | 'sealed';
  /** Whether entry bundles (device statements) are readable without a token. */
  readonly publicEntries: boolean;
  /** Byte quota of one organisation in one block. */
  readonly bytesPerBlock: number;
  readonly validatorKinds: readonly MemberKind[];
  /** Content types of foreign inline statements the ledger takes. */
  readonly inlineContentTypes: readonly string[];
  readonly responsible: {
    readonly name: string;
    readonly organisation: string;
    readonly contact: string;
  };
}

export const FOUNDERS_MAX = 64;
export const GATEWAY_KEYS_MAX = 64;
/** One largest entry has to fit. */
export const BYTES_PER_BLOCK_MIN = 65_536;

/**
 * Becomes the first part of the log's origin, which is a signed-note key name and an https
 * authority: a lower-case host and path without `+` and spaces.
 */
export const LEDGER_NAME =
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?:\/[a-z0-9._~-]+)*$/;
/** A signed-note key name (C2SP): no space, no `+`. */
const COSIGNER_NAME = /^[!-*,-~]{1,255}$/;
const CONTENT_TYPE_TEXT = /^[a-z0-9]+\/[a-z0-9.+-]+$/;

export function encodeCharter(charter: Charter): Uint8Array {
  const { founders, responsible, ...rest } = charter;
  const { name, organisation, contact } = responsible;
  const map: CborMap = new Map<CborKey, CborValue>([
    ['v', GOVERNANCE_VERSION],
    ['founders', founders.map(founderMap)],
    ['responsible', textMap({ name, organisation, contact })],
    ['validatorKinds', [...rest.validatorKinds]],
    ['inlineContentTypes', [...rest.inlineContentTypes]],
  ]);
  for (const key of SCALARS) map.set(key, rest[key]);
  return encodeCbor(map);
}

const SCALARS = [
  'logTimeMs',
  'ledgerName',
  'text',
  'mode',
  'quorum',
  'answerTermDays',
  'noticeTermDays',
  'expulsion',
  'ruleApprovals',
  'retentionDays',
  'disclosure',
  'publicEntries',
  'bytesPerBlock',
] as const satisfies readonly (keyof Charter)[];

function textMap(texts: Record<string, string>): CborMap {
  return new Map<CborKey, CborValue>(Object.entries(texts));
}

function founderMap(founder: Founder): CborMap {
  const { scheme, value, evidence } = founder.legalId;
  return new Map<CborKey, CborValue>([
    ['iss', founder.iss],
    ['name', founder.name],
    ['legalId', textMap({ scheme, value }).set('evidence', evidence)],
    ['kind', founder.kind],
    ['memberKey', coseKeyMap(founder.memberKey)],
    ['logKey', coseKeyMap(founder.logKey)],
    ['cosigningKey', coseKeyMap(founder.cosigningKey)],
    ['cosignerName', founder.cosignerName],
    ['nodeKey', founder.nodeKey ? coseKeyMap(founder.nodeKey) : null],
    ['gatewayKeys', founder.gatewayKeys.map(coseKeyMap)],
  ]);
}

/** Refused unless every field is there: a default nobody wrote down is a rule nobody agreed to. */
export function parseCharter(bytes: Uint8Array): Result<Charter> {
  const opened = openFields(bytes, 'charter');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const result = fields.finish<Charter>({
    logTimeMs: fields.timeMs('logTimeMs'),
    ledgerName: fields.text('ledgerName', { max: 128, pattern: LEDGER_NAME }),
    text: fields.prose('text', { max: 16_384 }),
    mode: fields.oneOf('mode', ['solo', 'alliance']),
    founders: fields.maps('founders', { min: 1, max: FOUNDERS_MAX }).map(readFounder),
    quorum: fields.uint('quorum', { min: 1, max: FOUNDERS_MAX }),
    answerTermDays: fields.uint('answerTermDays', { min: 1, max: 3_650 }),
    noticeTermDays: fields.uint('noticeTermDays', { min: 1, max: 3_650 }),
    expulsion: fields.oneOf('expulsion', ['all-but-expelled']),
    ruleApprovals: fields.uint('ruleApprovals', { min: 1, max: FOUNDERS_MAX }),
    retentionDays: fields.uint('retentionDays', { max: 36_500 }),
    disclosure: fields.oneOf('disclosure', ['open', 'sealed']),
    publicEntries: fields.bool('publicEntries'),
    bytesPerBlock: fields.uint('bytesPerBlock', { min: BYTES_PER_BLOCK_MIN }),
    validatorKinds: fields.texts('validatorKinds', { min: 1 }, isMemberKind) as MemberKind[],
    inlineContentTypes: fields.texts('inlineContentTypes', { max: 64 }, (text) =>
      CONTENT_TYPE_TEXT.test(text),
    ),
    responsible: readResponsible(fields.map('responsible')),
  });
  if (!result.ok) return result;
  const contradiction = charterContradiction(result.value);
  return contradiction === null ? result : fail('charter_contradiction', contradiction);
}

function isMemberKind(text: string): boolean {
  return MEMBER_KINDS.some((kind) => kind === text);
}

function readResponsible(fields: Fields): Charter['responsible'] {
  const responsible = {
    name: fields.text('name', { max: 256 }),
    organisation: fields.text('organisation', { max: 256 }),
    contact: fields.text('contact', { max: 256 }),
  };
  fields.close();
  return responsible;
}

function readFounder(fields: Fields): Founder {
  const founder = {
    iss: fields.text('iss', { pattern: URI }),
    name: fields.text('name', { max: 256 }),
    legalId: readLegalId(fields.map('legalId')),
    kind: fields.oneOf('kind', MEMBER_KINDS),
    memberKey: fields.key('memberKey'),
    logKey: fields.key('logKey', 'Ed25519'),
    cosigningKey: fields.key('cosigningKey', 'Ed25519'),
    cosignerName: fields.text('cosignerName', { pattern: COSIGNER_NAME }),
    nodeKey: fields.isNull('nodeKey') ? null : fields.key('nodeKey'),
    gatewayKeys: fields.keys('gatewayKeys', { max: GATEWAY_KEYS_MAX }),
  };
  fields.close();
  return founder;
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
