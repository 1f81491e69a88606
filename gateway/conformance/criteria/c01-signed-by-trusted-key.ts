import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type Criterion, type Finding, finding, notSeen } from '../criterion.ts';
import type { ShownCheckpoint, View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-01',
  title: 'The log is the one you trust',
  severity: 'fatal',
  isIntegrity: true,
  mustBeSeen: true,
  judge,
};

function judge(view: View): Finding {
  const { checkpoint } = view;
  if (!checkpoint.seen) return notSeen('no checkpoint was shown', checkpoint.detail);
  const faults = [...policyFaults(checkpoint.value), ...ledgerFaults(view, checkpoint.value)];
  const { origin, size, root } = checkpoint.value.body;
  const evidence = [`origin ${origin}`, `size ${size}, root ${toHex(root)}`];
  if (faults.length > 0) return finding('failed', faults.join('; '), { evidence });
  const { byPolicy, byLaw } = checkpoint.value;
  if (byPolicy === null && byLaw === null) {
    return notSeen(
      'the keys of this ledger are not known: its charter was not shown',
      ...unread(view),
    );
  }
  const by = byPolicy === null ? 'a log key of the ledger you named' : 'a log key of your policy';
  return finding('passed', `the checkpoint is signed by ${by}`, { evidence });
}

function unread({ leaves }: View): string[] {
  return leaves.seen ? [] : [leaves.detail];
}

function policyFaults({ byPolicy }: ShownCheckpoint): string[] {
  if (byPolicy === null) return [];
  if (!byPolicy.ok) return [`the checkpoint is not vouched for by your policy: ${byPolicy.detail}`];
  return byPolicy.value.logs.length > 0 ? [] : ['no log key of your policy signed the checkpoint'];
}

/** The name that a checkpoint is signed under ends in the id of the charter it rests on. */
function ledgerFaults({ law, trust }: View, { body, byLaw }: ShownCheckpoint): string[] {
  const faults: string[] = [];
  const { ledgerId } = trust;
  if (law?.ok && law.value.origin !== body.origin) {
    faults.push(
      `the charter shown founds ${law.value.origin}, the checkpoint is of ${body.origin}`,
    );
  }
  if (ledgerId !== null && law?.ok && toHex(law.value.ledgerId) !== toHex(ledgerId)) {
    faults.push(`the charter shown is not that of the ledger you named, ${toHex(ledgerId)}`);
  }
  if (ledgerId !== null && !body.origin.endsWith(`/${toHex(ledgerId)}`)) {
    faults.push('the checkpoint is of another ledger than the one you named');
  }
  if (byLaw !== null && !(byLaw.ok && byLaw.value.logs.length > 0)) {
    faults.push('the checkpoint is not signed by a log key that the ledger’s own members have');
  }
  return faults;
}
