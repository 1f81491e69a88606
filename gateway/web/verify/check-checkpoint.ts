// The newest checkpoint, held against the reader's own policy file.
import { evaluatePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { readPolicy } from './check-evidence.ts';

export type CheckpointVerdict =
  | { readonly kind: 'satisfied'; readonly cosigners: readonly string[] }
  | { readonly kind: 'quorum-missed'; readonly cosigners: readonly string[] }
  | { readonly kind: 'other-log' }
  | { readonly kind: 'wrong'; readonly detail: string };

export function checkCheckpoint(
  note: string,
  policyFile: { readonly name: string; readonly text: string },
): CheckpointVerdict {
  const policy = readPolicy(policyFile);
  if ('unreadable' in policy) return { kind: 'wrong', detail: policy.unreadable };
  const judged = evaluatePolicy(policy, note);
  if (!judged.ok) {
    if (judged.code === 'note_unverified') return { kind: 'other-log' };
    return { kind: 'wrong', detail: `${judged.code}: ${judged.detail}` };
  }
  const { logs, witnesses, quorumMet } = judged.value;
  if (logs.length === 0) return { kind: 'other-log' };
  const cosigners = witnesses.map(({ name }) => name);
  return { kind: quorumMet ? 'satisfied' : 'quorum-missed', cosigners };
}
