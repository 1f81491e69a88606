// Ledger and statement of an evidence file as plain data for its report.

/** @module evidence-summary */
import { equal, toHex } from './bytes.ts';
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
  MEDIA_ANSWER,
  MEDIA_APPEAL,
  MEDIA_BATCH,
  MEDIA_BOOT,
  MEDIA_CALIBRATION,
  MEDIA_CHARTER,
  MEDIA_CLAIM,
  MEDIA_CREDENTIAL,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
  MEDIA_EPCIS_EVENT,
  MEDIA_ERASURE,
  MEDIA_EXAMINATION,
  MEDIA_EXCEPTION,
  MEDIA_FILING,
  MEDIA_GAP,
  MEDIA_GRANT,
  MEDIA_INSPECTION,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_PROPOSAL,
  MEDIA_REGISTRATION,
  MEDIA_REVOCATION,
  MEDIA_ROTATION,
  MEDIA_RULE_FINDING,
  MEDIA_SEAL,
  MEDIA_SENML_CBOR,
  MEDIA_TAP,
} from './media-types.ts';
import { activeKeys } from './membership.ts';
import type { Member } from './membership-state.ts';
import type { Statement } from './statement.ts';
import type { PolicyVerdict } from './tlog-policy.ts';

const KINDS: ReadonlyMap<string, StatementKind> = new Map([
  [MEDIA_SENML_CBOR, 'readings'],
  [MEDIA_BOOT, 'boot'],
  [MEDIA_GAP, 'gap'],
  [MEDIA_EPCIS_EVENT, 'event'],
  [MEDIA_CHARTER, 'charter'],
  [MEDIA_ACCEPTANCE, 'acceptance'],
  [MEDIA_REGISTRATION, 'registration'],
  [MEDIA_ROTATION, 'rotation'],
  [MEDIA_REVOCATION, 'revocation'],
  [MEDIA_ERASURE, 'erasure'],
  [MEDIA_PROPOSAL, 'proposal'],
  [MEDIA_ANSWER, 'answer'],
  [MEDIA_EXCEPTION, 'exception'],
  [MEDIA_DEPARTURE, 'departure'],
  [MEDIA_ENDPOINT, 'endpoint'],
  [MEDIA_GRANT, 'grant'],
  [MEDIA_ORDER, 'order'],
  [MEDIA_APPEAL, 'appeal'],
  [MEDIA_INSPECTION, 'inspection'],
  [MEDIA_PROFILE_BINDING, 'binding'],
  [MEDIA_CREDENTIAL, 'credential'],
  [MEDIA_CALIBRATION, 'calibration'],
  [MEDIA_TAP, 'tap'],
  [MEDIA_SEAL, 'seal'],
  [MEDIA_CLAIM, 'claim'],
  [MEDIA_RULE_FINDING, 'rule-finding'],
  [MEDIA_EXAMINATION, 'examination'],
  [MEDIA_FILING, 'filing'],
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
  const { ledgerId, origin, membership } = ledger;
  const { members, terms, epoch } = membership;
  const { name, organisation } = terms.responsible;
  const { size, root } = verdict.checkpoint;
  const cosigners = verdict.witnesses.map((witness) => {
    const own = activeKeys(membership, 'cosigner').find(({ key }) => equal(key.x, witness.key.key));
    const member = own === undefined ? null : (members.get(own.iss)?.name ?? null);
    return { name: witness.name, member, timeSeconds: Number(witness.timeSeconds) };
  });
  return {
    id: toHex(ledgerId),
    origin,
    mode: terms.mode,
    members: [...members.values()].map(memberReport),
    epoch,
    exceptions: membership.exceptions.map(({ kind, member, leafIndex }) => {
      return { kind, member, leafIndex };
    }),
    responsible: `${name}, ${organisation}`,
    size,
    root: toHex(root),
    cosigners,
  };
}

function memberReport({ iss, name, kind, legalId }: Member): MemberReport {
  const { scheme, value, evidence } = legalId;
  const id = scheme === 'none' ? null : `${scheme} ${value}`;
  return { iss, name, kind, legalId: id, evidenced: evidence !== null };
}
