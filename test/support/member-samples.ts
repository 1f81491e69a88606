import { encodeAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { encodeDeparture } from '@truegrain/device-sdk/formats/departure.js';
import { type Endpoint, encodeEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { encodeException } from '@truegrain/device-sdk/formats/exception.js';
import { encodeGrant } from '@truegrain/device-sdk/formats/grant.js';
import { makeKeyProof } from '@truegrain/device-sdk/formats/key-proof.js';
import type { LawTerms } from '@truegrain/device-sdk/formats/law-terms.js';
import { encodeLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import { encodeMemberCard, makeMemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import type { Founder } from '@truegrain/device-sdk/formats/member-record.js';
import { type Change, encodeProposal } from '@truegrain/device-sdk/formats/proposal.js';
import type { RuleCheck } from '@truegrain/device-sdk/formats/rule-check.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import {
  charter,
  DEVICE,
  founder,
  ledgerId,
  MEMBER,
  NOW_MS,
  samples,
  signer,
} from './format-samples.ts';
import { sampleLaw, sampleProfile } from './sample-law.ts';
import { sampleRule } from './sample-rule.ts';

/** One sample of every structure about members, made with fixed secrets. */
const proposalId = sha256(new Uint8Array(4));

export const endpoint: Endpoint = {
  http: 'https://member-40.example:8443',
  ca: new Uint8Array(64).fill(5),
  p2p: '[2001:db8::1]:26656',
  nodeId: new Uint8Array(20).fill(6),
  publicUrl: 'https://member-40.example/ledger/',
};

export const newcomer: Founder = { ...founder(40), gatewayKeys: [signer(-7, 44).key] };
export const newcomerSigners = [
  ...[40, 41, 42, 43].map((seed) => signer(-8, seed)),
  signer(-7, 44),
];
export const card = makeMemberCard({ member: newcomer, endpoint, ledgerId }, newcomerSigners);
const newLog = signer(-8, 50);
export const keyProof = makeKeyProof(newLog, { iss: MEMBER, role: 'log', ledgerId, record: null });

function proposal(change: Change): Uint8Array {
  return encodeProposal({ logTimeMs: NOW_MS, epoch: 3, reason: 'As agreed.\nOn Monday.', change });
}

const { logTimeMs: _, ledgerName: __, founders: ___, ...terms } = charter;

const temperature = { quantity: 'air temperature', unit: 'Cel' } as const;
const checks = {
  unit: { kind: 'unit', quantity: temperature.quantity, units: ['Cel', 'K'] },
  window: {
    ...{ kind: 'window', ...temperature, windowS: 3_600, aggregate: 'mkt' },
    ...{ outside: null, min: 2, max: 8.5 },
  },
  outsideS: {
    ...{ kind: 'window', ...temperature, windowS: 86_400, aggregate: 'outsideS' },
    ...{ outside: { min: 2, max: 8 }, min: null, max: 3_600 },
  },
  cel: { kind: 'cel', expression: 'size(readings) > 0', windowS: 60 },
} as const satisfies Record<string, RuleCheck>;
const plain = sampleRule();
const expression = sampleRule({
  check: checks.cel,
  examples: plain.examples.map((example) => ({ ...example, context: '{"a": 1}' })),
});
const metrology = [{ ...temperature, grade: 3, uncertaintyMax: 0.5, intervalS: 900 }];
const fullLaw: Partial<LawTerms> = {
  profiles: ['pharma'],
  conditions: [
    {
      ...{ id: 'licence', on: 'entry', kind: 'participant', requirement: 'licence' },
      ...{ text: 'A licence.', attestedBy: 'regulator' },
    },
  ],
  laboratories: [{ name: 'Lab', certificate: new Uint8Array(40).fill(0x30) }],
};

export const memberSamples = {
  newRule: proposal({ kind: 'rule', rule: sampleRule() }),
  ruleEnd: proposal({ kind: 'rule-end', action: 'retire', id: 'cold', version: 1 }),
  newProfile: proposal({ kind: 'profile', profile: sampleProfile() }),
  lawfulTerms: proposal({ kind: 'charter', terms: { ...terms, law: sampleLaw(MEMBER, fullLaw) } }),
  unitRule: proposal({ kind: 'rule', rule: sampleRule({ check: checks.unit }) }),
  windowRule: proposal({ kind: 'rule', rule: sampleRule({ check: checks.window }) }),
  budgetRule: proposal({
    kind: 'rule',
    rule: sampleRule({ check: checks.outsideS, fromLeaf: 90 }),
  }),
  expressionRule: proposal({ kind: 'rule', rule: expression }),
  fullProfile: proposal({ kind: 'profile', profile: sampleProfile({ metrology }) }),
  admission: proposal({ kind: 'admit', ...card }),
  notice: proposal({ kind: 'exit', member: MEMBER }),
  expulsion: proposal({ kind: 'expel', member: MEMBER }),
  newTerms: proposal({ kind: 'charter', terms: { ...terms, quorum: 'two-thirds' } }),
  keyChange: proposal({
    kind: 'key',
    member: MEMBER,
    role: 'log',
    retire: signer(-8, 2).kid,
    add: newLog.key,
    proof: keyProof,
  }),
  retirement: proposal({
    kind: 'key',
    member: MEMBER,
    role: 'gateway',
    retire: signer(-8, 4).kid,
    add: null,
    proof: null,
  }),
  answer: encodeAnswer({
    logTimeMs: NOW_MS,
    proposalId,
    answer: 'reject',
    reason: 'Not yet.',
    textDigest: null,
  }),
  exception: encodeException({ logTimeMs: NOW_MS, proposalId, member: MEMBER }),
  departure: encodeDeparture({ logTimeMs: NOW_MS, proposalId }),
  endpoint: encodeEndpoint({ logTimeMs: NOW_MS, ...endpoint }),
  bareEndpoint: encodeEndpoint({
    ...endpoint,
    logTimeMs: NOW_MS,
    p2p: null,
    nodeId: null,
    publicUrl: null,
  }),
  grant: encodeGrant({
    logTimeMs: NOW_MS,
    device: DEVICE,
    to: MEMBER,
    fromLeaf: 4,
    untilLeaf: 90,
    reason: 'audit of the cold room',
  }),
  keyProof,
  memberCard: encodeMemberCard(card),
  batchTx: encodeLedgerTx({
    kind: 'batch',
    entries: [samples.statement],
    batch: samples.memberStatement,
  }),
  governanceTx: encodeLedgerTx({ kind: 'governance', entry: samples.memberStatement }),
};
