// SPEC.md §10.9: a member that holds the content differs from what a gateway attested under a rule.

/** @module rule-finding */
import { encodePayload, openPayload } from './governance-payload.ts';
import type { Result } from './result.ts';
import { RULE_ID, RULE_VERSION_MAX } from './rule.ts';

export interface RuleFinding {
  readonly logTimeMs: number;
  /** Statement it is about: its leaf and its id. */
  readonly leafIndex: number;
  readonly statementId: Uint8Array;
  readonly rule: string;
  readonly version: number;
  /** What the batch says, and what came of it here. */
  readonly attested: Verdict;
  readonly found: Verdict;
  readonly text: string;
}

export const VERDICTS = ['kept', 'broken', 'error'] as const;
export type Verdict = (typeof VERDICTS)[number];

export function encodeRuleFinding(finding: RuleFinding): Uint8Array {
  return encodePayload(finding.logTimeMs, [
    ['leafIndex', finding.leafIndex],
    ['statementId', finding.statementId],
    ['rule', finding.rule],
    ['version', finding.version],
    ['attested', finding.attested],
    ['found', finding.found],
    ['text', finding.text],
  ]);
}

export function parseRuleFinding(bytes: Uint8Array): Result<RuleFinding> {
  const opened = openPayload(bytes, 'finding');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  const finding = {
    logTimeMs,
    leafIndex: fields.uint('leafIndex'),
    statementId: fields.digest('statementId'),
    rule: fields.text('rule', { pattern: RULE_ID }),
    version: fields.uint('version', { min: 1, max: RULE_VERSION_MAX }),
    attested: fields.oneOf('attested', VERDICTS),
    found: fields.oneOf('found', VERDICTS),
    text: fields.prose('text', { max: 1_024 }),
  };
  if (finding.attested === finding.found) fields.odd('found', 'there is nothing to differ on');
  return fields.finish(finding);
}
