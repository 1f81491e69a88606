// The closed union of codes with which the fold of the membership refuses a statement: SPEC.md §4.8.

/** @module membership-refusal */
export type MembershipRefusal =
  /** The payload breaks its format. */
  | 'malformed'
  /** Who signed may not do that, or the rules of DESIGN §5 know no such change. */
  | 'not_allowed'
  /** Made for another epoch, or answers what is closed to answers: read the present state first. */
  | 'stale_proposal'
  /** No proposal of that id is open: never made, ended, or voided by a change of the members. */
  | 'proposal_unknown'
  /** This member has said its word on that already. */
  | 'answered'
  /** Answer term or notice term has not passed, in log time. */
  | 'term_running'
  /** The member named as silent has answered. */
  | 'not_silent'
  /** A key that was registered before, by anybody, for anything. */
  | 'key_in_use'
  /** A key outside the acceptance set of SPEC §1.4. */
  | 'key_invalid'
  /** A key proof that does not hold. */
  | 'proof'
  /** What the members would be afterwards contradicts the charter's terms. */
  | 'charter_contradiction';
