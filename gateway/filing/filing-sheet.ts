import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Member, Membership } from '@truegrain/device-sdk/formats/membership-state.js';
import { validators } from '@truegrain/device-sdk/formats/membership-state.js';
import type { Responsible } from '@truegrain/device-sdk/formats/responsible.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { supervisorsOf } from '@truegrain/device-sdk/formats/supervision.js';
import type { FiledMember, FiledPerson, FilingSheet } from '../http/filing-backend.ts';
import type { LawView } from '../http/law-backend.ts';
import { lawView } from '../law-view.ts';
import { type ChangeSources, changesSince } from './filing-changes.ts';
import { dutiesOf } from './filing-duties.ts';
import { filingNumberLine } from './filing-number.ts';

export interface SheetSources extends ChangeSources {
  readonly ledgerId: Uint8Array;
  readonly origin: string;
  readonly size: number;
  readonly logTimeMs: number;
  /** `iss` of the member that files. */
  readonly self: string;
}

/** What an authority asks of who runs the ledger, from the log and from nothing else. */
export function filingSheet(sources: SheetSources, sinceLeaf: number | null): FilingSheet {
  const { membership, size, self, leafOf } = sources;
  const law = lawView(membership.law, size);
  const voting = new Set(validators(membership).map(({ iss }) => iss));
  const memberOf = (member: Member) => filedMember(member, voting.has(member.iss));
  const { members, terms } = membership;
  const operator = members.get(self);
  return {
    service: {
      ledger: membership.ledgerName,
      ledgerId: toHex(sources.ledgerId),
      origin: sources.origin,
      charterId: toHex(membership.charterId),
      purpose: terms.text,
      startedMs: leafOf(0)?.timeMs ?? null,
      size,
      logTimeMs: sources.logTimeMs,
      retentionDays: terms.retentionDays,
      disclosure: terms.disclosure,
      profiles: law.profiles.map(({ profile: { id, version, title } }) => {
        return `${id}@${version}: ${title}`;
      }),
    },
    operator: operator ? memberOf(operator) : null,
    nodes: [...members.values()].map(memberOf),
    persons: personsOf(membership, law),
    rules: law.rules.map(({ rule, status, digest, fromLeaf, untilLeaf }) => {
      const { title, profile, legalBasis, responsible } = rule;
      const named = { rule: ruleKey(rule), title, status, profile, legalBasis, responsible };
      return { ...named, digest, fromLeaf, untilLeaf };
    }),
    supervisors: supervisorsOf(membership).map(({ member, sectors, powers }) => {
      return { member, name: members.get(member)?.name ?? member, sectors, powers };
    }),
    filings: law.filings,
    numberLine: filingNumberLine(membership.law),
    orders: law.orders.map((order) => {
      const { leafIndex, action, legalBasis, by, appeals, liftedBy } = order;
      const target = `${order.target.kind} ${order.target.id}`;
      const done = { appeals: appeals.length, lifted: liftedBy !== null };
      return { leafIndex, action, target, legalBasis, by, ...done };
    }),
    duties: dutiesOf(membership, law),
    changes: { sinceLeaf, entries: changesSince(sources, sinceLeaf) },
    notes: NOTES,
  };
}

const NOTES = [
  'Generated from the log. Whoever holds the ledger can generate it again and gets the same, but for the operator: that is the member whose gateway made it.',
  'Duties are those of the Provisions on the Administration of Blockchain Information Services (CAC Order 3, in force since 15 February 2019) as this program understands them. Which of them fall to whom, terms and forms are to be confirmed with counsel; nothing is filed by making this sheet.',
  'That a member showed evidence of its legal id is in the log; the document itself is with whoever checked it.',
] as const;

function filedMember(member: Member, validates: boolean): FiledMember {
  const { iss, name, kind, legalId, endpoint, sinceLeaf } = member;
  const { scheme, value, evidence } = legalId;
  return {
    iss,
    name,
    kind,
    legalId: { scheme, value, evidence: evidence && toHex(evidence) },
    validates,
    door: endpoint?.http ?? null,
    engine: endpoint?.p2p ?? null,
    publicUrl: endpoint?.publicUrl ?? null,
    sinceLeaf,
  };
}

/** Each once, with all they answer for; rules that are history have answered. */
function personsOf({ terms }: Membership, law: LawView): FiledPerson[] {
  const persons = new Map<string, Responsible & { answersFor: string[] }>();
  const add = ({ name, organisation, contact }: Responsible, what: string): void => {
    const key = JSON.stringify([name, organisation, contact]);
    const known = persons.get(key) ?? { name, organisation, contact, answersFor: [] };
    known.answersFor.push(what);
    persons.set(key, known);
  };
  add(terms.responsible, 'the charter');
  for (const { rule, status } of law.rules) {
    if (status !== 'amended' && status !== 'retired')
      add(rule.responsible, `rule ${ruleKey(rule)}`);
  }
  for (const { number, status, responsible } of law.filings) {
    if (status === 'in force') add(responsible, `filing ${number}`);
  }
  return [...persons.values()];
}
