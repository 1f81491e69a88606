import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Member } from '@truegrain/device-sdk/formats/membership.js';
import { effectiveQuorum } from '@truegrain/device-sdk/formats/terms.js';
import { type Criterion, type Finding, finding, NO_CHARTER, notSeen } from '../criterion.ts';
import { isEvidenced, type Organisation } from '../organisations.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-04',
  title: 'Several organisations, each shown to be one, stand behind the keys',
  severity: 'fatal',
  isIntegrity: false,
  mustBeSeen: true,
  judge,
};

const ORGANISATIONS_MIN = 2;

function judge(view: View): Finding {
  const { law, independence, trust, leaves, source } = view;
  if (!law?.ok || independence === null) {
    if (!leaves.seen && source.kind !== 'scitt') return notSeen(NO_CHARTER, leaves.detail);
    const { logs = [], witnesses = [] } = trust.policy ?? {};
    const keys = `${logs.length} log keys and ${witnesses.length} witnesses in your policy`;
    return finding('failed', `no organisation is shown to stand behind any key (${keys})`);
  }
  const { membership } = law.value;
  const { organisations, evidenced, unshown, against } = independence;
  const members = membership.members.size;
  const quorum = effectiveQuorum(membership.terms.quorum, members);
  const needed = Math.max(ORGANISATIONS_MIN, quorum);
  const evidence = [...organisations.map(described), ...against];
  const shown =
    unshown.length === 0 ? '' : `; without evidence: ${unshown.map(({ name }) => name).join(', ')}`;
  const summary = `${counted(members)}, ${evidenced.length} of them evidenced, distinct organisations; ${needed} are needed (quorum ${quorum})${shown}`;
  const outcome = evidenced.length >= needed ? 'passed' : 'failed';
  return finding(outcome, summary, { evidence, notSeen: [...independence.notSeen, DOCUMENTS] });
}

const DOCUMENTS =
  'the documents behind the evidence: the log holds their digests, ask the members for them';

function counted(members: number): string {
  return members === 1 ? '1 member' : `${members} members`;
}

function described({ members, isEvidenced: shown }: Organisation): string {
  const names = members.map(memberWords).join(' + ');
  return `${shown ? 'organisation' : 'not shown to be an organisation'}: ${names}`;
}

function memberWords({ name, iss, kind, legalId }: Member): string {
  const { scheme, value, evidence } = legalId;
  const id = scheme === 'none' ? 'no legal id' : `${scheme.toUpperCase()} ${value}`;
  const sound =
    scheme === 'none' || isEvidenced({ ...legalId, evidence: NOTHING })
      ? ''
      : ', whose check digits are wrong';
  const proof = evidence === null ? 'no evidence' : `evidence ${toHex(evidence)}`;
  return `${name} (${iss}, ${kind}, ${id}${sound}, ${proof})`;
}

const NOTHING = new Uint8Array(32);
