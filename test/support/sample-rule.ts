import type { Rule } from '../../device-sdk/formats/rule.ts';
import type { RuleCheck } from '../../device-sdk/formats/rule-check.ts';

const QUANTITY = 'air temperature';

/** A whole rule with the examples that its form asks for: temperatures of at most 8 °C. */
export function sampleRule(changes: Partial<Rule> = {}): Rule {
  const check: RuleCheck = { kind: 'range', quantity: QUANTITY, unit: 'Cel', min: null, max: 8 };
  const example = (value: number, verdict: 'kept' | 'broken') => ({
    text: `${value} °C`,
    verdict,
    readings: [{ sensor: 'temp', quantity: QUANTITY, unit: 'Cel', atS: 0, value }],
    context: null,
  });
  return {
    id: 'cold',
    version: 1,
    title: 'At most 8 °C',
    text: 'A reading above 8 °C is a breach.',
    legalBasis: 'Contract, § 1',
    profile: null,
    responsible: { name: 'R. Lee', organisation: 'Mill', contact: 'mailto:lee@mill.example' },
    fromLeaf: null,
    effect: 'report',
    check,
    examples: [example(5, 'kept'), example(9, 'broken')],
    ...changes,
  };
}
