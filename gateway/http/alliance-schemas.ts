// JSON schemas of the alliance routes.
import { MEMBER_KEY_ROLES, MEMBER_KINDS } from '@truegrain/device-sdk/formats/governance.js';
import { CHANGE_KINDS, RULE_ENDS } from '@truegrain/device-sdk/formats/proposal.js';
import { lawTerms, profile, rule } from './law-schemas.ts';
import { arrayOf, bytes, count, hash, nullable, object, text, timeMs, urn } from './schemas.ts';

const kind = { type: 'string', enum: [...MEMBER_KINDS] };
const role = { type: 'string', enum: [...MEMBER_KEY_ROLES] };
/** A proposal is an inline payload, so the card in it is shorter than that. */
const CARD_CHARS_MAX = 65_536;
export const PROPOSAL_BYTES_MAX = 131_072;

const termsFields = {
  text: text(16_384),
  mode: { type: 'string', enum: ['solo', 'alliance'] },
  quorum: { anyOf: [count, { type: 'string', enum: ['two-thirds'] }] },
  answerTermDays: count,
  noticeTermDays: count,
  expulsion: { type: 'string', enum: ['all-but-expelled'] },
  ruleApprovals: count,
  retentionDays: count,
  disclosure: { type: 'string', enum: ['open', 'sealed'] },
  publicEntries: { type: 'boolean' },
  bytesPerBlock: count,
  validatorKinds: arrayOf(kind, { maxItems: MEMBER_KINDS.length }),
  inlineContentTypes: arrayOf(text(256), { maxItems: 64 }),
  responsible: object({ name: text(256), organisation: text(256), contact: text(256) }),
  law: nullable(lawTerms),
};

const change = object(
  {
    kind: { type: 'string', enum: [...CHANGE_KINDS] },
    card: { ...bytes(CARD_CHARS_MAX), description: 'admit: a member card (.tgcard), base64url' },
    member: { ...text(512), description: 'expel: URI of the member' },
    terms: {
      ...object(termsFields, Object.keys(termsFields)),
      description: 'charter: the terms that change',
    },
    role: { ...role, description: 'key: what it is for' },
    retire: { ...nullable(hash), description: 'key: kid of the one that ends' },
    add: { ...nullable(bytes(1_000)), description: 'key: COSE_Key of the new one' },
    proof: { ...nullable(bytes(4_000)), description: 'key: proof by the new one' },
    rule: { ...rule, description: 'rule: a new one, or the next version of one' },
    profile: { ...profile, description: 'profile: an industry profile with its rules' },
    action: { type: 'string', enum: [...RULE_ENDS], description: 'rule-end' },
    id: { ...text(64), description: 'rule-end: of the rule' },
    version: { ...count, description: 'rule-end: of the rule' },
  },
  [
    'card',
    'member',
    'terms',
    'role',
    'retire',
    'add',
    'proof',
    'rule',
    'profile',
    'action',
    'id',
    'version',
  ],
);
const reason = text(1_024);

export const ALLIANCE_BODIES = {
  preview: object({ change, reason }),
  proposal: object(
    { change, reason, epoch: { ...nullable(count), description: 'of the preview that was read' } },
    ['epoch'],
  ),
  answer: object(
    {
      answer: { type: 'string', enum: ['approve', 'reject'] },
      reason: { type: 'string', maxLength: 1_024, default: '' },
      textDigest: { ...nullable(hash), default: null, description: 'of the text that was read' },
    },
    ['reason', 'textDigest'],
  ),
  exception: object({ member: text(512) }),
  grant: object(
    {
      device: urn,
      to: text(512),
      fromLeaf: { ...nullable(count), description: 'null: from the next leaf on' },
      untilLeaf: { ...nullable(count), description: 'before it; equal to fromLeaf withdraws' },
      reason,
    },
    ['fromLeaf', 'untilLeaf'],
  ),
};

const iss = text(512);
const words = arrayOf(text(20_000));
const member = object({
  iss,
  name: text(256),
  kind,
  legalId: object({ scheme: text(8), value: text(20), evidence: nullable(hash) }),
  sinceLeaf: count,
  cosignerName: text(255),
  votes: { type: 'boolean' },
  keys: arrayOf(object({ role, kid: hash, fromLeaf: count })),
  endpoint: nullable(
    object({ http: text(512), p2p: nullable(text(300)), publicUrl: nullable(text(512)) }),
  ),
});
const proposal = object({
  id: hash,
  leafIndex: count,
  logTimeMs: timeMs,
  by: iss,
  kind: { type: 'string', enum: [...CHANGE_KINDS] },
  preview: words,
  textDigest: hash,
  rules: arrayOf(rule),
  rejectedBy: arrayOf(iss),
  approvedBy: arrayOf(iss),
  awaited: arrayOf(iss),
  excepted: arrayOf(object({ member: iss, by: arrayOf(iss) })),
  closed: nullable({ type: 'string', enum: ['rejected', 'superseded'] }),
  answerDueMs: timeMs,
  departureMs: nullable(timeMs),
});
const own = object({
  grants: arrayOf(
    object({ device: urn, by: iss, to: iss, fromLeaf: count, untilLeaf: nullable(count) }),
  ),
  node: nullable({ type: 'object', additionalProperties: true }),
});

export const ALLIANCE_ANSWERS = {
  view: object(
    {
      origin: text(512),
      ledgerId: hash,
      self: iss,
      size: count,
      logTimeMs: timeMs,
      epoch: count,
      terms: object(termsFields),
      faults: object({
        members: count,
        voting: count,
        evidenced: count,
        tolerated: count,
        words: text(1_024),
      }),
      members: arrayOf(member),
      formerMembers: arrayOf(
        object({ iss, name: text(256), kind, sinceLeaf: count, untilLeaf: count }),
      ),
      proposals: arrayOf(proposal),
      exceptions: arrayOf(
        object({ kind: text(16), member: iss, proposalId: hash, leafIndex: count }),
      ),
      own,
    },
    ['own'],
  ),
  preview: object({ epoch: count, lines: words }),
  said: object({ leafIndex: count, id: hash, lines: words }),
};
