import { type Criterion, type Finding, finding, notSeen } from '../criterion.ts';
import type { View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-02',
  title: 'What is shown is what was signed',
  severity: 'fatal',
  isIntegrity: true,
  mustBeSeen: true,
  judge,
};

function judge({ tree, leaves, checkpoint }: View): Finding {
  const { root, included, unplaced } = tree;
  const faults = [
    ...(root.seen && !root.value ? ['the tiles do not lead to the root that was signed'] : []),
    ...tree.faults,
  ];
  if (faults.length > 0) return finding('failed', faults.join('; '));
  const missing = [...(root.seen ? [] : [root.detail]), ...unplaced];
  if (missing.length > 0) return notSeen('tiles or entries were not shown', ...missing);
  const size = checkpoint.seen ? checkpoint.value.body.size : 0;
  const whole = leaves.seen && leaves.value.isWhole;
  const summary = whole
    ? `all ${size} entries stand under the signed root`
    : `${included} of ${size} entries were shown, all stand under the signed root`;
  const closed = `${size - included} entries (device statements, batches, registry): a token opens them`;
  return finding('passed', summary, { notSeen: whole ? [] : [closed] });
}
