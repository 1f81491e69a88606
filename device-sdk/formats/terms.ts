// SPEC.md §4.1: the terms of a charter, which its members can change later (§4.8).

/** @module terms */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';
import { MEMBER_KINDS, MEMBERS_MAX, type MemberKind } from './governance.ts';
import { type LawTerms, lawTermsMap, readLawTerms } from './law-terms.ts';
import { type Responsible, readResponsible, responsibleMap } from './responsible.ts';

/** How many of the members have to cosign; the words mean more than two thirds of them. */
export type Quorum = number | 'two-thirds';

export interface Terms {
  /** What the ledger is for, in plain words. */
  readonly text: string;
  readonly mode: 'solo' | 'alliance';
  readonly quorum: Quorum;
  /** Days of log time after which the others may count a silent member as excepted. */
  readonly answerTermDays: number;
  /** Days of log time after which a leaver goes alone. */
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
  readonly responsible: Responsible;
  /** Null in a charter from before SPEC §10. */
  readonly law: LawTerms | null;
}

/** One largest entry has to fit. */
export const BYTES_PER_BLOCK_MIN = 65_536;
export const TWO_THIRDS = 'two-thirds';
const CONTENT_TYPE_TEXT = /^[a-z0-9]+\/[a-z0-9.+-]+$/;

const SCALARS = [
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
] as const satisfies readonly (keyof Terms)[];

/** How many cosignatures a checkpoint needs while there are `memberCount` members. */
export function effectiveQuorum(quorum: Quorum, memberCount: number): number {
  if (quorum === TWO_THIRDS) return Math.floor((2 * memberCount) / 3) + 1;
  return Math.min(quorum, memberCount);
}

export function termsMap(terms: Terms): CborMap {
  const map: CborMap = new Map<CborKey, CborValue>([
    ['responsible', responsibleMap(terms.responsible)],
    ['validatorKinds', [...terms.validatorKinds]],
    ['inlineContentTypes', [...terms.inlineContentTypes]],
  ]);
  for (const key of SCALARS) map.set(key, terms[key]);
  // Absent, not null: such charters are the bytes they were.
  return terms.law === null ? map : map.set('law', lawTermsMap(terms.law));
}

/** Takes the terms' fields from a map that may have others, and leaves closing it to the caller. */
export function readTerms(fields: Fields): Terms {
  return {
    text: fields.prose('text', { max: 16_384 }),
    mode: fields.oneOf('mode', ['solo', 'alliance']),
    quorum: fields.isText('quorum', TWO_THIRDS)
      ? TWO_THIRDS
      : fields.uint('quorum', { min: 1, max: MEMBERS_MAX }),
    answerTermDays: fields.uint('answerTermDays', { min: 1, max: 3_650 }),
    noticeTermDays: fields.uint('noticeTermDays', { min: 1, max: 3_650 }),
    expulsion: fields.oneOf('expulsion', ['all-but-expelled']),
    ruleApprovals: fields.uint('ruleApprovals', { min: 1, max: MEMBERS_MAX }),
    retentionDays: fields.uint('retentionDays', { max: 36_500 }),
    disclosure: fields.oneOf('disclosure', ['open', 'sealed']),
    publicEntries: fields.bool('publicEntries'),
    bytesPerBlock: fields.uint('bytesPerBlock', { min: BYTES_PER_BLOCK_MIN }),
    validatorKinds: fields.texts('validatorKinds', { min: 1 }, isMemberKind) as MemberKind[],
    inlineContentTypes: fields.texts('inlineContentTypes', { max: 64 }, (text) =>
      CONTENT_TYPE_TEXT.test(text),
    ),
    responsible: readResponsible(fields.map('responsible')),
    law: fields.has('law') ? readLawTerms(fields.map('law')) : null,
  };
}

function isMemberKind(text: string): boolean {
  return MEMBER_KINDS.some((kind) => kind === text);
}
