// The leaves of an evidence file, its charter and the acceptances; DESIGN §4 "Leaf 0 is the charter".

/** @module evidence-ledger */
import { parseAcceptance } from './acceptance.ts';
import { equal, toHex } from './bytes.ts';
import { type Charter, parseCharter } from './charter.ts';
import { charterKeys } from './charter-rules.ts';
import { type CoseKey, keyThumbprint } from './cose-key.ts';
import type { Evidence } from './evidence.ts';
import type { Findings } from './evidence-report.ts';
import { MEDIA_ACCEPTANCE, MEDIA_CHARTER } from './media-types.ts';
import { foundMembership } from './membership.ts';
import type { Membership } from './membership-state.ts';
import { sha256 } from './sha256.ts';
import { checkPublicKey, type NativeVerify, verifySignature } from './signature.ts';
import { parseStatement, type Statement } from './statement.ts';

export interface KnownLeaf {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly statement: Statement;
}

export interface KnownLedger {
  readonly charter: Charter;
  readonly charterId: Uint8Array;
  readonly ledgerId: Uint8Array;
  /** `<ledger name>/<ledger id>`: first line of the checkpoint and name of the log keys. */
  readonly origin: string;
  /** As the charter founds it, until `judgeMembers` has followed the file's leaves. */
  readonly membership: Membership;
}

/** Every leaf in log order; null where one of them is no statement in its stored form. */
export function readLeaves(findings: Findings, evidence: Evidence): KnownLeaf[] | null {
  const known: KnownLeaf[] = [];
  let fault = '';
  for (const { index, entry, path } of [...evidence.supporting, evidence.statement]) {
    const parsed = parseStatement(entry);
    if (!parsed.ok) fault ||= `leaf ${index}: ${parsed.code}`;
    else if (!equal(parsed.value.entry, entry)) fault ||= `leaf ${index}: unprotected header`;
    else known.push({ index, path, statement: parsed.value });
  }
  const text = 'Every entry in the file is a signed statement of this format';
  if (!findings.check('entries', fault === '', text, fault)) return null;
  return known.sort((a, b) => a.index - b.index);
}

export function isSignedBy(statement: Statement, key: CoseKey, native?: NativeVerify): boolean {
  const { alg, kid, toBeSigned: message, signature } = statement;
  if (!equal(kid, keyThumbprint(key))) return false;
  return verifySignature({ alg, key, message, signature, native });
}

/** Inline bytes of that content type, else null. */
export function inlineOf(statement: Statement, contentType: string): Uint8Array | null {
  const { payload } = statement;
  return payload.kind === 'inline' && payload.contentType === contentType ? payload.bytes : null;
}

/** Leaf 0: a complete charter signed by the member who convened, its keys fit to be trusted. */
export function judgeCharter(
  findings: Findings,
  leaf: KnownLeaf | undefined,
  native?: NativeVerify,
): KnownLedger | null {
  const statement = leaf?.index === 0 ? leaf.statement : null;
  const bytes = statement === null ? null : inlineOf(statement, MEDIA_CHARTER);
  const parsed = bytes === null ? null : parseCharter(bytes);
  const charter = parsed?.ok ? parsed.value : null;
  const why = parsed?.ok === false ? `${parsed.code}: ${parsed.detail}` : '';
  const bad =
    charter === null ? undefined : charterKeys(charter).find((k) => !checkPublicKey(k).ok);
  const good = charter !== null && bad === undefined;
  findings.check('charter', good, 'Leaf 0 is a complete charter with sound keys', why);
  if (!good || statement === null) return null;
  const [convener] = charter.founders;
  const signed =
    convener !== undefined &&
    statement.iss === convener.iss &&
    statement.seq === 1 &&
    statement.ledgerId === null &&
    isSignedBy(statement, convener.memberKey, native);
  const text = `The charter is signed by the member who convened the ledger, ${convener?.name}`;
  if (!findings.check('charter-signature', signed, text)) return null;
  const ledgerId = sha256(statement.entry);
  const origin = `${charter.ledgerName}/${toHex(ledgerId)}`;
  const { id: charterId } = statement;
  return { charter, charterId, ledgerId, origin, membership: foundMembership(charter, charterId) };
}

/** Leaves 1 to n: each other founder signed that very charter, before anything else. */
export function judgeAcceptances(
  findings: Findings,
  ledger: KnownLedger,
  leaves: readonly KnownLeaf[],
  native?: NativeVerify,
): void {
  const others = ledger.charter.founders.slice(1);
  const awaited = new Map(others.map((founder) => [founder.iss, founder]));
  for (const { index, statement } of leaves) {
    if (index === 0 || index > others.length) continue;
    const founder = awaited.get(statement.iss);
    const bytes = inlineOf(statement, MEDIA_ACCEPTANCE);
    const parsed = bytes === null ? null : parseAcceptance(bytes);
    if (founder === undefined || !parsed?.ok) continue;
    const same = equal(parsed.value.charterId, ledger.charterId);
    if (same && isSignedBy(statement, founder.memberKey, native)) awaited.delete(founder.iss);
  }
  const missing = [...awaited.values()].map((founder) => founder.name).join(', ');
  const text =
    others.length === 0
      ? 'The charter names one founder, so nobody else had to accept it'
      : `All ${others.length} other founders accepted the charter in the leaves right after it`;
  findings.check('acceptances', missing === '', text, `missing: ${missing}`);
}

/** Which ledger each statement was made for stands under its signature. */
export function judgeOwnLedger(
  findings: Findings,
  ledger: KnownLedger,
  leaves: readonly KnownLeaf[],
): void {
  const stranger = leaves.find(
    ({ index, statement: { ledgerId } }) =>
      index !== 0 && (ledgerId === null || !equal(ledgerId, ledger.ledgerId)),
  );
  const text = 'Every statement in the file was made for this ledger';
  findings.check('own-ledger', stranger === undefined, text, `leaf ${stranger?.index} was not`);
}
