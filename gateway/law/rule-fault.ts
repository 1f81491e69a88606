/** Why a rule can't be law; each is found before it judges anything. */
export type RuleFault =
  | 'rule_syntax'
  /** An operator or function does not take what it is given. */
  | 'rule_type'
  | 'rule_unknown_name'
  /** It would give another verdict tomorrow. */
  | 'rule_clock'
  /** Dates and hours: members stand in different zones, and zones change by decree. */
  | 'rule_time_zone'
  /** Its verdict would hang on how a language writes, cuts or orders text. */
  | 'rule_locale'
  /** It could cost more than its bound, whatever a device sends. */
  | 'rule_cost'
  /** It says something else than kept or broken. */
  | 'rule_result'
  /** `window` without a length, or a length without `window`. */
  | 'rule_window'
  /** An aggregate that its unit does not have. */
  | 'rule_unit'
  /** It would refuse a statement for the ones before it, whose order its carrier chooses. */
  | 'rule_effect'
  /** An example gives another verdict than it says. */
  | 'rule_example';

export type RuleVerdict = 'kept' | 'broken' | { readonly error: string };
