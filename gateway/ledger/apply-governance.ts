import { parseAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCharter } from '@truegrain/device-sdk/formats/charter.js';
import { type CoseKey, keyThumbprint } from '@truegrain/device-sdk/formats/cose-key.js';
import { parseErasure } from '@truegrain/device-sdk/formats/erasure.js';
import {
  MEDIA_ACCEPTANCE,
  MEDIA_CHARTER,
  MEDIA_ERASURE,
  MEDIA_REGISTRATION,
  MEDIA_REVOCATION,
  MEDIA_ROTATION,
} from '@truegrain/device-sdk/formats/media-types.js';
import {
  foundMembership,
  type MembershipEffect,
  type MembershipRefusal,
} from '@truegrain/device-sdk/formats/membership.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import {
  checkPublicKey,
  type NativeVerify,
  verifySignature,
} from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import { gatewayStream, inSequence } from './apply-batch.ts';
import { OTHER_SUBJECT, registrationOf, revocationOf, rotationOf } from './device-changes.ts';
import { earliestLogTimeMs, type LiveTimes } from './log-time.ts';
import {
  adoptMembership,
  MEMBERSHIP_KINDS,
  type MembershipKind,
  membershipOf,
} from './membership-changes.ts';
import type { DeviceRecord, KeyRecord, LedgerState, Stream } from './state.ts';

export type GovernanceKind =
  | 'charter'
  | 'acceptance'
  | 'registration'
  | 'rotation'
  | 'revocation'
  | 'erasure'
  | MembershipKind;

export type GovernanceRefusal =
  | 'malformed'
  | 'bad_signature'
  | 'not_allowed'
  | 'seq'
  | 'log_time'
  | 'key_in_use'
  | 'key_invalid'
  | 'device_exists'
  | 'device_unknown'
  | 'proof'
  | MembershipRefusal
  /** Alliance: handed to the chain, which has not taken it yet; it still may. */
  | 'pending';

export interface AppliedGovernance {
  kind: GovernanceKind;
  statement: Statement;
  leafIndex: number;
  leafHash: Uint8Array;
  logTimeMs: number;
  /** Records added or changed, for the tables that copy the state. */
  keys: KeyRecord[];
  devices: DeviceRecord[];
  erased: Uint8Array[];
  streams: Stream[];
  /** What changed in the membership; null for most. */
  effect: MembershipEffect | null;
}

/** Checked, and not yet made. */
export type Change = Result<
  { logTimeMs: number; commit: (leafIndex: number) => Partial<AppliedGovernance> },
  GovernanceRefusal
>;

/** Checks one governance statement against the state and moves the state past it, or refuses it. */
export function applyGovernance(
  state: LedgerState,
  statement: Statement,
  native?: NativeVerify,
  live?: LiveTimes,
): Result<AppliedGovernance, GovernanceRefusal> {
  const kind = governanceKind(statement);
  if (!kind) return fail('malformed', 'not a governance content type');
  if (kind === 'charter') return applyCharter(state, statement, native);
  const signer = state.keyByKid.get(toHex(statement.kid));
  if (!signer) return fail('not_a_member', `nobody has registered the key of ${statement.iss}`);
  if (signer.role !== 'member' || signer.status !== 'active' || signer.iss !== statement.iss) {
    return fail('not_allowed', 'not signed by an active member key');
  }
  if (!isSigned(statement, signer.key, native)) return fail('bad_signature', toHex(statement.id));
  if (!inSequence(state, signer, statement)) return fail('seq', `member sequence ${statement.seq}`);
  if (state.awaiting.size > 0 && kind !== 'acceptance') {
    return fail('not_allowed', 'founders have not all accepted the charter');
  }
  if (REGISTRY_KINDS.has(kind) && state.membership?.law.suspendedMembers.has(statement.iss)) {
    return fail('suspended', `${statement.iss} is suspended by order`);
  }
  const change = changeOf(state, kind, statement, native);
  if (!change.ok) return change;
  const { logTimeMs, commit } = change.value;
  if (logTimeMs < earliestLogTimeMs(state)) return fail('log_time', 'log time runs backwards');
  if (live && (logTimeMs < live.minMs || logTimeMs > live.maxMs)) {
    return fail('log_time', 'log time is not the present');
  }
  return ok(move(state, { kind, statement, logTimeMs, signer }, commit));
}

/** What a suspended member may not do; to revoke a stolen key it always may. */
const REGISTRY_KINDS: ReadonlySet<GovernanceKind> = new Set([
  'registration',
  'rotation',
  'erasure',
]);

export function governanceKind(statement: Statement): GovernanceKind | null {
  if (statement.payload.kind !== 'inline') return null;
  return GOVERNANCE_KINDS.get(statement.payload.contentType) ?? null;
}

const GOVERNANCE_KINDS: ReadonlyMap<string, GovernanceKind> = new Map<string, GovernanceKind>([
  [MEDIA_CHARTER, 'charter'],
  [MEDIA_ACCEPTANCE, 'acceptance'],
  [MEDIA_REGISTRATION, 'registration'],
  [MEDIA_ROTATION, 'rotation'],
  [MEDIA_REVOCATION, 'revocation'],
  [MEDIA_ERASURE, 'erasure'],
  ...MEMBERSHIP_KINDS,
]);

function move(
  state: LedgerState,
  done: { kind: GovernanceKind; statement: Statement; logTimeMs: number; signer: KeyRecord },
  commit: (leafIndex: number) => Partial<AppliedGovernance>,
): AppliedGovernance {
  const { kind, statement, logTimeMs, signer } = done;
  const leafIndex = state.size;
  const changes = commit(leafIndex);
  const stream = gatewayStream(signer, statement, logTimeMs);
  state.streams.set(stream.keyNo, stream);
  state.size += 1;
  state.logTimeMs = Math.max(state.logTimeMs, logTimeMs);
  return {
    kind,
    statement,
    leafIndex,
    leafHash: leafHash(statement.entry),
    logTimeMs,
    keys: [],
    devices: [],
    erased: [],
    effect: null,
    streams: [stream],
    ...changes,
  };
}

/** Leaf 0: the ledger begins, named by the SHA-256 of this entry. */
function applyCharter(
  state: LedgerState,
  statement: Statement,
  native?: NativeVerify,
): Result<AppliedGovernance, GovernanceRefusal> {
  if (state.size !== 0) return fail('not_allowed', 'a ledger has one charter, at leaf 0');
  const parsed = parseCharter(statement.payloadBytes);
  if (!parsed.ok) return fail('malformed', `${parsed.code}: ${parsed.detail}`);
  const charter = parsed.value;
  const convener = charter.founders[0];
  if (!convener || statement.iss !== convener.iss || statement.seq !== 1 || statement.ledgerId) {
    return fail('not_allowed', 'the first founder signs the charter as its first statement');
  }
  if (statement.sub !== charter.ledgerName) return OTHER_SUBJECT;
  if (!equal(statement.kid, keyThumbprint(convener.memberKey)))
    return fail('not_allowed', 'other key');
  if (!isSigned(statement, convener.memberKey, native)) return fail('bad_signature', 'charter');
  const membership = foundMembership(charter, statement.id);
  const { keys } = membership;
  for (const { key } of keys)
    if (!checkPublicKey(key).ok) return fail('key_invalid', 'charter key');
  if (new Set(keys.map(({ kid }) => toHex(kid))).size !== keys.length) {
    return fail('key_in_use', 'one key has two uses');
  }
  const commit = () => {
    state.charter = charter;
    state.charterId = statement.id;
    state.ledgerId = sha256(statement.entry);
    state.awaiting = new Set(charter.founders.slice(1).map((founder) => founder.iss));
    return { keys: adoptMembership(state, membership) };
  };
  const signer = { no: 0 } as KeyRecord;
  return ok(
    move(state, { kind: 'charter', statement, logTimeMs: charter.logTimeMs, signer }, commit),
  );
}

function changeOf(
  state: LedgerState,
  kind: GovernanceKind,
  statement: Statement,
  native?: NativeVerify,
): Change {
  switch (kind) {
    case 'acceptance':
      return acceptanceOf(state, statement);
    case 'registration':
      return registrationOf(state, statement, native);
    case 'rotation':
      return rotationOf(state, statement, native);
    case 'revocation':
      return revocationOf(state, statement);
    case 'erasure':
      return erasureOf(state, statement);
    case 'charter':
      return fail('not_allowed', 'a ledger has one charter');
    default:
      return membershipOf(state, statement, native);
  }
}

function acceptanceOf(state: LedgerState, statement: Statement): Change {
  const parsed = parseAcceptance(statement.payloadBytes);
  if (!parsed.ok) return fail('malformed', parsed.code);
  const { charterId, logTimeMs } = parsed.value;
  if (statement.sub !== state.charter?.ledgerName) return OTHER_SUBJECT;
  if (!state.charterId || !equal(charterId, state.charterId))
    return fail('not_allowed', 'other charter');
  if (!state.awaiting.has(statement.iss)) return fail('not_allowed', 'nothing left to accept');
  return ok({
    logTimeMs,
    commit: () => {
      state.awaiting.delete(statement.iss);
      return {};
    },
  });
}

function erasureOf(state: LedgerState, statement: Statement): Change {
  const parsed = parseErasure(statement.payloadBytes);
  if (!parsed.ok) return fail('malformed', parsed.code);
  const { ids, logTimeMs } = parsed.value;
  if (statement.sub !== state.charter?.ledgerName) return OTHER_SUBJECT;
  return ok({
    logTimeMs,
    commit: (leafIndex) => {
      for (const id of ids)
        if (!state.erased.has(toHex(id))) state.erased.set(toHex(id), leafIndex);
      return { erased: [...ids] };
    },
  });
}

function isSigned(statement: Statement, key: CoseKey, native?: NativeVerify): boolean {
  const { alg, toBeSigned: message, signature } = statement;
  return verifySignature({ alg, key, message, signature, native });
}
