import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import { effectiveQuorum } from '@truegrain/device-sdk/formats/terms.js';

/** The charter in words, as it is read before it is signed. */
export function charterWords(charter: Charter): string[] {
  const { responsible, founders } = charter;
  const days = (count: number) => `${count} days of log time`;
  const isOpen = charter.disclosure === 'open';
  return [
    `Charter of ${charter.ledgerName}`,
    ...charter.text.split('\n').map((line) => `  ${line}`),
    `  responsible: ${responsible.name}, ${responsible.organisation}, ${responsible.contact}`,
    'Members:',
    ...founders.map((_founder, i) => founderWords(charter, i)),
    'Terms:',
    `  A checkpoint needs ${effectiveQuorum(charter.quorum, founders.length)} of ${founders.length} members to cosign it (quorum: ${charter.quorum}).`,
    '  Entry, exit, terms and keys change when every member has signed.',
    `  Silent for ${days(charter.answerTermDays)}, a member may be counted as excepted by two thirds of the other`,
    '  evidenced organisations and every regulator.',
    `  A member goes alone ${days(charter.noticeTermDays)} after its notice. All but the expelled may expel.`,
    `  Contents are ${isOpen ? 'open to all members' : 'sealed: their owner decides who reads them'}; kept for ${charter.retentionDays} days at least.`,
    `  Entries of devices are ${charter.publicEntries ? 'readable by everybody' : 'not public'}.`,
    `  One organisation may use ${charter.bytesPerBlock} bytes of a block. A rule needs ${charter.ruleApprovals} to approve it.`,
    ...lawWords(charter),
    ...(charter.inlineContentTypes.length === 0
      ? []
      : [`  Foreign inline statements it takes: ${charter.inlineContentTypes.join(', ')}.`]),
  ];
}

function lawWords({ law }: Charter): string[] {
  if (law === null) return [];
  const { conditions, supervisors, laboratories, profiles, deadlock, examinationDays } = law;
  return [
    `  Members may be: ${law.memberKinds.join(', ')}. Each examines itself every ${examinationDays} days.`,
    ...conditions.map(
      ({ on, kind, text, attestedBy }) =>
        `  For the ${on} of ${kind ?? 'any member'}: ${text} (evidence attested by a ${attestedBy}).`,
    ),
    `  Industry profiles: ${profiles.join(', ') || 'those that its members adopt'}.`,
    ...supervisors.map(
      ({ member, powers, sectors }) =>
        `  ${member} supervises ${sectors.join(', ') || 'every sector'}: ${powers.join(', ')}.`,
    ),
    `  Calibration laboratories it trusts: ${laboratories.map(({ name }) => name).join(', ') || 'none'}.`,
    `  Deadlock: ${deadlock}`,
  ];
}

function founderWords({ founders, validatorKinds }: Charter, i: number): string {
  const founder = founders[i];
  if (!founder) return '';
  const { scheme, value, evidence } = founder.legalId;
  const legal = scheme === 'none' ? 'no legal id' : `${scheme.toUpperCase()} ${value}`;
  const shown = evidence
    ? `evidence ${toHex(evidence)}`
    : 'no evidence: does not count as distinct';
  const votes = validatorKinds.includes(founder.kind) ? 'votes' : 'does not vote';
  const role = i === 0 ? ', convener' : '';
  return `  ${founder.name} (${founder.iss}), ${founder.kind}${role}; ${votes}; ${legal}, ${shown}`;
}
