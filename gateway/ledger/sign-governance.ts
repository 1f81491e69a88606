import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import {
  parseStatement,
  type Statement,
  signStatement,
} from '@truegrain/device-sdk/formats/statement.js';
import { keyOf, type LedgerState } from './state.ts';

export interface GovernanceContents {
  contentType: string;
  bytes: Uint8Array;
  /** What it is about: a device, else the ledger itself. */
  sub?: string;
  logTimeMs: number;
}

/** Signs a governance statement as the member's next one: one key, numbers and links without gaps. */
export function signGovernance(
  state: LedgerState,
  member: { signer: Signer; iss: string },
  contents: GovernanceContents,
): Statement {
  const key = keyOf(state, member.signer.kid);
  const tip = key ? state.streams.get(key.no) : undefined;
  const { contentType, bytes, logTimeMs } = contents;
  const fields = {
    iss: member.iss,
    sub: contents.sub ?? state.charter?.ledgerName ?? '',
    iat: Math.floor(logTimeMs / 1000),
    payload: { kind: 'inline' as const, contentType, bytes },
    seq: (tip?.maxSeq ?? 0) + 1,
    prev: tip?.tipId ?? null,
    ledgerId: state.ledgerId,
    device: null,
  };
  const signed = parseStatement(signStatement(fields, member.signer).bytes);
  if (!signed.ok) throw new Error(`own governance statement: ${signed.code}: ${signed.detail}`);
  return signed.value;
}
