import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../page-state.ts';
import type { CheckpointVerdict } from '../verify/check-checkpoint.ts';

/** What the newest checkpoint is worth under the reader's own policy, checked in this browser. */
export function CheckpointVerdictNote({ note }: { note: string }) {
  const { say, trust } = usePage();
  const [verdict, setVerdict] = useState<CheckpointVerdict | null>(null);
  const { policy } = trust;
  useEffect(() => {
    if (policy === null) return setVerdict(null);
    let isGone = false;
    import('../verify/check-checkpoint.ts').then(
      ({ checkCheckpoint }) => {
        if (!isGone) setVerdict(checkCheckpoint(note, policy));
      },
      (error: Error) => setVerdict({ kind: 'wrong', detail: error.message }),
    );
    return () => {
      isGone = true;
    };
  }, [note, policy]);
  if (policy === null || verdict === null) return null;
  const isGood = verdict.kind === 'satisfied';
  const cosigners = 'cosigners' in verdict ? verdict.cosigners : [];
  return (
    <p class={isGood ? 'good' : 'alarm'} role="status" data-checkpoint={verdict.kind}>
      <span aria-hidden="true">{isGood ? '✓' : '✕'}</span>{' '}
      {say(`checkpoint.${verdict.kind}`, { policy: policy.name, cosigners: cosigners.join(', ') })}{' '}
      {verdict.kind === 'wrong' && <span lang="en">{verdict.detail}</span>}
    </p>
  );
}
