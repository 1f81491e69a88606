// Ledger and statement of an evidence file as plain data for its report.

/** @module evidence-summary */
import { toHex } from './bytes.ts';
import type { DeviceKey } from './evidence-device.ts';
import type { KnownLeaf, KnownLedger } from './evidence-ledger.ts';
import type {
  DeviceReport,
  LedgerReport,
  MemberReport,
  StatementKind,
  StatementReport,
} from './evidence-report.ts';
import {
  MEDIA_ACCEPTANCE,
  MEDIA_BATCH,
  MEDIA_BOOT,
  MEDIA_CHARTER,
  MEDIA_ERASURE,
  MEDIA_GAP,
  MEDIA_REGISTRATION,
  MEDIA_REVOCATION,
  MEDIA_ROTATION,
  MEDIA_SENML_CBOR,
} from './media-types.ts';
import type { Founder } from './member-record.ts';
import type { Statement } from './statement.ts';
import type { PolicyVerdict } from './tlog-policy.ts';

const KINDS: ReadonlyMap<string, StatementKind> = new Map([
  [MEDIA_SENML_CBOR, 'readings'],
  [MEDIA_BOOT, 'boot'],
  [MEDIA_GAP, 'gap'],
  [MEDIA_CHARTER, 'charter'],
  [MEDIA_ACCEPTANCE, 'acceptance'],
  [MEDIA_REGISTRATION, 'registration'],
  [MEDIA_ROTATION, 'rotation'],
  [MEDIA_REVOCATION, 'revocation'],
  [MEDIA_ERASURE, 'erasure'],
  [MEDIA_BATCH, 'batch'],
]);

function contentTypeOf({ payload }: Statement): string {
  return payload.kind === 'hash' ? payload.preimageType : payload.contentType;
}

export function statementKind(statement: Statement): StatementKind {
  return KINDS.get(contentTypeOf(statement)) ?? 'other-content';
}

export function statementReport(leaf: KnownLeaf, key: DeviceKey | null): StatementReport {
  const { statement, index } = leaf;
  const { payload } = statement;
  return {
    id: toHex(statement.id),
    kind: statementKind(statement),
    leafIndex: index,
    issuer: statement.iss,
    subject: statement.sub,
    iatS: statement.iat,
    seq: statement.seq,
    kid: toHex(statement.kid),
    digest: payload.kind === 'hash' ? toHex(payload.digest) : null,
    contentType: contentTypeOf(statement),
    device: key === null ? null : deviceReport(statement, key),
  };
}

function deviceReport({ device }: Statement, key: DeviceKey): DeviceReport {
  const { owner, keyLevel, binding } = key.registration;
  const clock = { quality: device?.quality ?? 0, errorMs: device?.errorMs ?? null };
  return {
    owner,
    registeredAtLeaf: key.fromLeaf,
    keyLevel,
    binding,
    clock,
    records: device?.count ?? 0,
    firstMs: device?.firstMs ?? null,
    lastMs: device?.lastMs ?? null,
    keyEnded: key.end,
  };
}

export function ledgerReport(ledger: KnownLedger, verdict: PolicyVerdict): LedgerReport {
  const { charter, ledgerId, origin } = ledger;
  const { name, organisation } = charter.responsible;
  const { size, root } = verdict.checkpoint;
  const cosigners = verdict.witnesses.map((witness) => {
    return { name: witness.name, timeSeconds: Number(witness.timeSeconds) };
  });
  return {
    id: toHex(ledgerId),
    origin,
    mode: charter.mode,
    members: charter.founders.map(memberReport),
    responsible: `${name}, ${organisation}`,
    size,
    root: toHex(root),
    cosigners,
  };
}

function memberReport({ iss, name, kind, legalId }: Founder): MemberReport {
  const { scheme, value } = legalId;
  return { iss, name, kind, legalId: scheme === 'none' ? null : `${scheme} ${value}` };
}
