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
  | 'charter_contradiction'
  /** Nobody would be left to keep the books. */
  | 'no_members'
  /** Signed by nobody who is a member now. */
  | 'not_a_member'
  /** An order, or an inspection, by a member that supervises nothing, or not that. */
  | 'not_a_supervisor'
  | 'not_empowered'
  /** What it speaks of is not there. */
  | 'target_unknown'
  | 'rule_unknown'
  | 'profile_unknown'
  /** It is proposed and not signed by all whose word it needs. */
  | 'not_in_force'
  /** A second text under one rule's name and version, or one profile's. */
  | 'rule_exists'
  | 'profile_exists'
  /** Not the version after the last. */
  | 'rule_version'
  /** A rule for leaves that are there already. */
  | 'retroactive'
  /** The answer is to another text than the proposal's. */
  | 'other_text'
  /** No valid evidence for a condition that the charter sets for coming in, or for leaving. */
  | 'entry_condition'
  | 'exit_condition'
  /** A suspended member answers, appeals and leaves, and brings nothing. */
  | 'suspended'
  | 'already_suspended'
  | 'not_suspended'
  /** A calibration certificate of another instrument, or in another unit. */
  | 'dcc_serial'
  | 'dcc_unit'
  /** A tag's counter that was seen before. */
  | 'sun_replayed';
