import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { openFields } from '@truegrain/device-sdk/formats/fields.js';
import type { Responsible } from '@truegrain/device-sdk/formats/responsible.js';
import { type Rule, readRule, ruleMap } from '@truegrain/device-sdk/formats/rule.js';
import { readJson } from './json-file.ts';
import { CliError, EXIT } from './terminal.ts';

/** What `truegrain rule new` writes: a whole rule that passes its own examples, in somebody's name. */
export function ruleToStartFrom(responsible: Responsible, legalBasis: string): Rule {
  return { ...TEMPLATE, legalBasis, responsible };
}

const TEMPLATE: Omit<Rule, 'legalBasis' | 'responsible'> = {
  id: 'cold-chain-2-8',
  version: 1,
  title: 'Chilled goods stay between 2 and 8 °C',
  text: 'A reading below 2 °C or above 8 °C is recorded as a breach, with the goods it is about.',
  profile: null,
  fromLeaf: null,
  effect: 'report',
  check: { kind: 'range', quantity: 'temperature', unit: 'Cel', min: 2, max: 8 },
  examples: [
    {
      text: 'Five degrees are within.',
      verdict: 'kept',
      readings: [{ sensor: 't1', quantity: 'temperature', unit: 'Cel', atS: 0, value: 5 }],
      context: null,
    },
    {
      text: 'Eight and a half degrees are a breach.',
      verdict: 'broken',
      readings: [{ sensor: 't1', quantity: 'temperature', unit: 'Cel', atS: 0, value: 8.5 }],
      context: null,
    },
  ],
};

/** The rule in a file, in the form in which it would be signed; what its form breaks is said by name. */
export function readRuleFile(file: string): Rule {
  const rule = ruleOf(readJson(file));
  if (rule.ok) return rule.value;
  throw new CliError(EXIT.usage, `${file} is no rule: ${rule.detail} (${rule.code})`);
}

function ruleOf(json: unknown) {
  try {
    const opened = openFields(encodeCbor(ruleMap(json as Rule)), 'rule');
    if (!opened.ok) return opened;
    const rule = readRule(opened.value);
    return opened.value.finish(rule);
  } catch (error) {
    // A field is missing or of another type, so the rule could not even be written down.
    const detail = (error as Error).message;
    return { ok: false as const, code: 'field_missing', detail };
  }
}
