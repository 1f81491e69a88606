import { parseBoot } from '@truegrain/device-sdk/formats/boot.js';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCapturedEvent } from '@truegrain/device-sdk/formats/captured-event.js';
import type { CoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { parseGap } from '@truegrain/device-sdk/formats/gap.js';
import {
  MEDIA_BOOT,
  MEDIA_EPCIS_EVENT,
  MEDIA_GAP,
  MEDIA_SENML_CBOR,
} from '@truegrain/device-sdk/formats/media-types.js';
import { leafHash } from '@truegrain/device-sdk/formats/merkle.js';
import { baseNameOf, type Pack, parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { checkPack, type SensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { verifySignature } from '@truegrain/device-sdk/formats/signature.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import { sensorIndex, summarise } from '../law/pack-summary.ts';
import type { ContentVerdict, Facts } from '../ledger/facts.ts';
import { PACK_SPAN_MS_MAX } from '../ledger/judge.ts';
import { nativeVerify } from './native-verify.ts';

/** What a checking thread knows of one registered key. */
export interface CheckKey {
  no: number;
  key: CoseKey;
  iss: string;
  sensors: SensorTable;
  /** Registered to capture events, which no device may. */
  captures?: boolean;
}

export interface CheckRegistry {
  ledgerId: Uint8Array;
  /** By kid in lower hex. */
  keys: Map<string, CheckKey>;
}

export type Checked =
  /** Signed by a registered key: the state decides what becomes of it. */
  | { authentic: true; facts: Facts; content: Uint8Array; verdict: ContentVerdict }
  /** Nobody answers for it: counted, sampled, never listed. */
  | { authentic: false; code: RefusalCode; id: Uint8Array | null };

/** All that can be said of a frame without the ledger's state: pure, and costly, so it is threaded. */
export function checkFrame(frame: Uint8Array, registry: CheckRegistry): Checked {
  const parts = parseFrame(frame);
  if (!parts.ok) return { authentic: false, code: 'malformed', id: null };
  const parsed = parseStatement(parts.value.statement);
  if (!parsed.ok) return { authentic: false, code: formRefusal(parsed.code), id: null };
  const statement = parsed.value;
  const key = registry.keys.get(hexOf(statement.kid));
  if (!key) return { authentic: false, code: 'unknown_key', id: statement.id };
  const { alg, toBeSigned: message, signature } = statement;
  if (!verifySignature({ alg, key: key.key, message, signature, native: nativeVerify })) {
    return { authentic: false, code: 'bad_signature', id: statement.id };
  }
  const { content } = parts.value;
  const { payload } = statement;
  const facts = factsOf(statement, key, registry.ledgerId);
  // Listable: no carrier can make a device sign a governance statement or leave out its claims.
  if (payload.kind !== 'hash' || !statement.device) {
    return { authentic: true, facts, content, verdict: refuse('not_allowed') };
  }
  // Not listable: a carrier could have put other content beside a good statement.
  if (!equal(sha256(content), payload.digest)) {
    return { authentic: false, code: 'digest_mismatch', id: statement.id };
  }
  return { authentic: true, facts, content, verdict: checkContent(statement, content, key) };
}

/**
 * A device statement from a block: what every member checks again of another gateway's batch. Its
 * content stays with those who may hold it, so nothing is said of it.
 */
export function checkEntry(entry: Uint8Array, registry: CheckRegistry): Checked {
  const parsed = parseStatement(entry);
  if (!parsed.ok) return { authentic: false, code: formRefusal(parsed.code), id: null };
  const statement = parsed.value;
  const { id } = statement;
  const isEntry = equal(statement.entry, entry);
  if (!isEntry || statement.payload.kind !== 'hash' || !statement.device) {
    return { authentic: false, code: 'malformed', id };
  }
  const key = registry.keys.get(hexOf(statement.kid));
  if (!key) return { authentic: false, code: 'unknown_key', id };
  const { alg, toBeSigned: message, signature } = statement;
  if (!verifySignature({ alg, key: key.key, message, signature, native: nativeVerify })) {
    return { authentic: false, code: 'bad_signature', id };
  }
  const facts = factsOf(statement, key, registry.ledgerId);
  return { authentic: true, facts, content: entry.subarray(0, 0), verdict: ACCEPTABLE };
}

/** The facts of a statement whose signature has been verified under `key`. */
export function factsOf(
  statement: Statement,
  key: { no: number; iss: string },
  ledgerId: Uint8Array,
): Facts {
  const own = statement.ledgerId !== null && equal(statement.ledgerId, ledgerId);
  const mismatch = own ? (statement.iss === key.iss ? null : 'iss_mismatch') : 'wrong_ledger';
  const { payload } = statement;
  // Boot and gap records have no times of their own; a reader ignores any (SPEC §5).
  const isPack = payload.kind === 'hash' && payload.preimageType === MEDIA_SENML_CBOR;
  const claims = isPack ? statement.device : null;
  return {
    keyNo: key.no,
    id: statement.id,
    leafHash: leafHash(statement.entry),
    entry: statement.entry,
    sub: statement.sub,
    iat: statement.iat,
    seq: statement.seq,
    prev: statement.prev,
    quality: statement.device?.quality ?? 0,
    firstMs: claims?.firstMs ?? null,
    lastMs: claims?.lastMs ?? null,
    mismatch,
  };
}

function checkContent(statement: Statement, content: Uint8Array, key: CheckKey): ContentVerdict {
  const type = statement.payload.kind === 'hash' ? statement.payload.preimageType : '';
  if (type === MEDIA_SENML_CBOR) return checkReadings(statement, content, key);
  if (type === MEDIA_EPCIS_EVENT) {
    if (!key.captures) return refuse('not_allowed');
    return parseCapturedEvent(content).ok ? ACCEPTABLE : refuse('pack_invalid');
  }
  const parsed =
    type === MEDIA_BOOT ? parseBoot(content) : type === MEDIA_GAP ? parseGap(content) : null;
  if (!parsed) return refuse('not_allowed');
  return parsed.ok ? ACCEPTABLE : refuse('pack_invalid');
}

function checkReadings(statement: Statement, content: Uint8Array, key: CheckKey): ContentVerdict {
  const parsed = parsePack(content);
  if (!parsed.ok) return refuse('pack_invalid');
  const pack = parsed.value;
  const claims = statement.device;
  // Another device's pack under this signature, or times that its clock could not give (SPEC §2.3).
  if (pack.baseName !== baseNameOf(key.iss)) return refuse('pack_invalid');
  if (pack.relative !== (claims?.quality === 0)) return refuse('time_mismatch');
  if (claims?.count !== pack.records.length) return refuse('count_mismatch');
  if (claims.firstMs !== pack.firstMs || claims.lastMs !== pack.lastMs)
    return refuse('time_mismatch');
  if (pack.relative && reachesBackMs(pack) > PACK_SPAN_MS_MAX) return refuse('time_mismatch');
  const code = checkPack(pack, key.sensors);
  if (code) return refuse(code);
  const suspect = pack.records.some((record) => record.kind === 'flag');
  return { code: null, suspect, summary: summarise(pack, sensorIndex(key.sensors)) };
}

/** Relative times are anchored at the batch's log time: they may not reach back further than a pack may. */
function reachesBackMs(pack: Pack): number {
  return pack.records.reduce((most, { timeMs }) => Math.max(most, -timeMs), 0);
}

const ACCEPTABLE: ContentVerdict = { code: null, suspect: false, summary: null };

function refuse(code: RefusalCode): ContentVerdict {
  return { code, suspect: false, summary: null };
}

function formRefusal(code: string): RefusalCode {
  if (code === 'crit') return 'crit';
  return code === 'statement_too_large' ? 'too_large' : 'malformed';
}

function hexOf(kid: Uint8Array): string {
  return Buffer.from(kid.buffer, kid.byteOffset, kid.length).toString('hex');
}
