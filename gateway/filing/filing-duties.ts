import type { Membership } from '@truegrain/device-sdk/formats/membership-state.js';
import type { FiledDuty } from '../http/filing-backend.ts';
import type { LawView } from '../http/law-backend.ts';

/**
 * Duties of CAC Order 3 as the project restates them, each beside what the log shows. No dates are
 * reckoned: working days need a calendar of holidays, and who starts a service when is a question
 * of law.
 */
export function dutiesOf({ members, terms }: Membership, law: LawView): FiledDuty[] {
  const inForce = law.filings.filter(({ status }) => status === 'in force');
  const evidenced = [...members.values()].filter(({ legalId }) => legalId.evidence !== null);
  const lifted = law.orders.filter(({ liftedBy }) => liftedBy !== null);
  return [
    {
      duty: 'File within ten working days of the day on which the service starts',
      here:
        inForce.length === 0
          ? 'No filing is in the log.'
          : inForce.map(({ number, authority }) => `${number}, ${authority}`).join('; '),
    },
    {
      duty: 'Report changes of what was filed',
      here: 'Every change of members, addresses, keys, charter and rules is listed below, with its leaf.',
    },
    {
      duty: 'Show the filing number',
      here:
        inForce.length === 0
          ? 'There is none to show.'
          : 'At the foot of every public page of this gateway.',
    },
    {
      duty: 'Check real identities',
      here: `${evidenced.length} of ${members.size} members have shown evidence of their legal id. Devices are registered by a member that answers for them.`,
    },
    {
      duty: 'Handle violations, and record how',
      here: `${law.orders.length} orders are in the log, ${lifted.length} of them lifted. None can be erased.`,
    },
    {
      duty: 'Keep records',
      here: `Entries are kept for good; contents ${terms.retentionDays} days by the charter, longer where a profile says so.`,
    },
    {
      duty: 'Assess security before new functions',
      here: 'Rules run their examples on every member’s gateway before it approves. An assessment itself is a document, and no part of the log.',
    },
  ];
}
