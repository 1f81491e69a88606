export type AlarmKind =
  /** Two signed checkpoints that can't both be of one log. */
  | 'inconsistent'
  /** A smaller tree than one shown before. */
  | 'rolled_back'
  /** Signed for another log than the remembered one. */
  | 'other_log'
  /** Not signed or not cosigned as the auditor's policy asks. */
  | 'policy_not_met'
  /** A larger tree was shown without tiles that prove it. */
  | 'unproved'
  /** No new checkpoint for longer than the auditor allows. */
  | 'stale'
  | 'unreachable';

export interface Alarm {
  readonly kind: AlarmKind;
  /** One sentence for a person. */
  readonly text: string;
}
