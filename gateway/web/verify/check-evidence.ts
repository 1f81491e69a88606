// `truegrain verify` in the browser: the same function over the same bytes, and what is drawn of it.
import { fromHex, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type Evidence, parseEvidence } from '@truegrain/device-sdk/formats/evidence.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { type Policy, parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { type Report, verifyEvidence } from '@truegrain/device-sdk/formats/verify-evidence.js';
import type { Trust } from '../trust.ts';
import { type InclusionStep, inclusionSteps } from './inclusion-steps.ts';

export interface Inclusion {
  readonly leafIndex: number;
  readonly size: number;
  readonly leaf: string;
  readonly steps: readonly InclusionStep[];
  /** Of the signed checkpoint. */
  readonly root: string;
}

export interface Checked {
  readonly report: Report;
  /** Null where the check failed before there was a place in a tree. */
  readonly inclusion: Inclusion | null;
}

/** What makes the question impossible to answer: the reader's own trust can't be read. */
export interface Unreadable {
  readonly unreadable: string;
}

export function checkEvidence(bytes: Uint8Array, trust: Trust): Checked | Unreadable {
  const policy = trust.policy === null ? null : readPolicy(trust.policy);
  if (policy !== null && 'unreadable' in policy) return policy;
  const ledgerId = trust.ledgerId === null ? undefined : (fromHex(trust.ledgerId) ?? undefined);
  const report = verifyEvidence(bytes, { policy: policy ?? undefined, ledgerId });
  const evidence = parseEvidence(bytes);
  const inclusion = evidence.ok ? inclusionOf(evidence.value, report) : null;
  return { report, inclusion };
}

export function readPolicy(file: { name: string; text: string }): Policy | Unreadable {
  const parsed = parsePolicy(file.text);
  return parsed.ok
    ? parsed.value
    : { unreadable: `${file.name} is not a policy file: ${parsed.detail}` };
}

function inclusionOf({ statement }: Evidence, { ledger }: Report): Inclusion | null {
  if (ledger === null) return null;
  const { index, entry, path } = statement;
  const { size, root } = ledger;
  const leaf = leafHash(entry);
  const steps = inclusionSteps({ index, size, leaf, path });
  return steps && { leafIndex: index, size, leaf: toHex(leaf), steps, root };
}
