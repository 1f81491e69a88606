import {
  type Charter,
  encodeCharter,
  parseCharter,
} from '@truegrain/device-sdk/formats/charter.js';
import { MEDIA_CHARTER } from '@truegrain/device-sdk/formats/media-types.js';
import { signStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { MemberSigners } from './keys.ts';

/** What has to be said; every other field of the charter has a default that is then written down. */
export interface CharterWishes
  extends Partial<Omit<Charter, 'logTimeMs' | 'ledgerName' | 'mode' | 'founders' | 'quorum'>> {
  signers: MemberSigners;
  iss: string;
  /** The founder's name, as reports show it. */
  name: string;
  /** Host and path, the first part of the log's origin. */
  ledgerName: string;
  mode: 'solo';
  nowMs: number;
  /** Name of the member's cosignatures; by default the ledger name and "/witness". */
  cosignerName?: string;
  legalId?: Charter['founders'][number]['legalId'];
  kind?: Charter['founders'][number]['kind'];
}

const DEFAULTS = {
  answerTermDays: 14,
  noticeTermDays: 30,
  expulsion: 'all-but-expelled',
  ruleApprovals: 1,
  // Three years, leap day included. What the law of an industry asks, its ledger's founder sets.
  retentionDays: 1_096,
  disclosure: 'sealed',
  publicEntries: false,
  bytesPerBlock: 4 * 1024 * 1024,
  validatorKinds: ['participant', 'regulator', 'self-regulatory'],
  inlineContentTypes: [],
  law: null,
} as const satisfies Partial<Charter>;

/** The charter, leaf 0 of a new ledger: statement bytes, ready for `commitGovernance`. */
export function createCharter(wishes: CharterWishes): Uint8Array {
  const { signers, iss, name, ledgerName, mode, nowMs } = wishes;
  const { cosignerName, legalId, kind, ...fields } = wishes;
  const charter: Charter = {
    ...DEFAULTS,
    text: `${name} keeps this ledger alone. It is a private chain: one party's word, signed.`,
    responsible: { name, organisation: name, contact: iss },
    ...pick(fields),
    logTimeMs: nowMs,
    ledgerName,
    mode,
    quorum: 1,
    founders: [
      {
        iss,
        name,
        legalId: legalId ?? { scheme: 'none', value: '', evidence: null },
        kind: kind ?? 'participant',
        memberKey: signers.member.key,
        logKey: signers.log.key,
        cosigningKey: signers.cosigner.key,
        cosignerName: cosignerName ?? `${ledgerName}/witness`,
        nodeKey: null,
        gatewayKeys: [signers.gateway.key],
      },
    ],
  };
  const bytes = encodeCharter(charter);
  const parsed = parseCharter(bytes);
  if (!parsed.ok) throw new CharterError(`${parsed.code}: ${parsed.detail}`);
  const payload = { kind: 'inline' as const, contentType: MEDIA_CHARTER, bytes };
  const iat = Math.floor(nowMs / 1000);
  const fixed = { iss, sub: ledgerName, iat, seq: 1, prev: null, ledgerId: null, device: null };
  return signStatement({ ...fixed, payload }, signers.member).bytes;
}

/** A wish that no charter may hold; the message names the field. */
export class CharterError extends Error {}

const OPTIONAL = [
  'answerTermDays',
  'noticeTermDays',
  'expulsion',
  'ruleApprovals',
  'retentionDays',
  'disclosure',
  'publicEntries',
  'bytesPerBlock',
  'validatorKinds',
  'inlineContentTypes',
  'law',
  'text',
  'responsible',
] as const satisfies readonly (keyof Charter)[];

function pick(fields: Partial<Charter>): Partial<Charter> {
  return Object.fromEntries(
    OPTIONAL.flatMap((key) => (fields[key] === undefined ? [] : [[key, fields[key]]])),
  );
}
