import { readFileSync } from 'node:fs';
import { parseAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type CborKey, type CborValue, encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { type Charter, parseCharter } from '@truegrain/device-sdk/formats/charter.js';
import { openFields } from '@truegrain/device-sdk/formats/fields.js';
import { MEMBERS_MAX } from '@truegrain/device-sdk/formats/governance.js';
import {
  CARD_BYTES_MAX,
  type MemberCard,
  parseMemberCard,
} from '@truegrain/device-sdk/formats/member-card.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import { ENTRY_BYTES_MAX } from '@truegrain/device-sdk/formats/statement-limits.js';

/** What all members of an alliance begin with, byte for byte: `.tgfound`. */
export interface Founding {
  parts: FoundingParts;
  /** Charter, then acceptances in the order in which they become leaves. */
  entries: Uint8Array[];
  cards: MemberCard[];
  /** From the root over these entries: engines that began with others never talk. */
  chainId: string;
  /** The charter's log time. */
  genesisTimeMs: number;
  charter: Charter;
  charterStatement: Statement;
  ledgerId: Uint8Array;
  /** Founders whose acceptance is still missing. */
  awaiting: string[];
}

export interface FoundingParts {
  charter: Uint8Array;
  /** In the order in which they become leaves. */
  acceptances: readonly Uint8Array[];
  cards: readonly Uint8Array[];
}

const VERSION = 1;
const BYTES_MAX = 4 * 1_048_576;
const CHAIN_ID_HEX = 32;

/** The file can't be used; the message is the one line to print. */
export class FoundingError extends Error {}

export function encodeFounding({ charter, acceptances, cards }: FoundingParts): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', VERSION],
      ['charter', charter],
      ['acceptances', [...acceptances]],
      ['cards', [...cards]],
    ]),
  );
}

/** Form and belonging alone; `foundingFault` in founding.ts has signatures and proofs. */
export function parseFounding(bytes: Uint8Array): Result<Founding, string> {
  const parts = partsOf(bytes);
  if (!parts.ok) return parts;
  const statement = parseStatement(parts.value.charter);
  if (!statement.ok) return fail('charter', `leaf 0: ${statement.code}: ${statement.detail}`);
  const charter = parseCharter(statement.value.payloadBytes);
  if (!charter.ok) return fail('charter', `leaf 0: ${charter.code}: ${charter.detail}`);
  const cards = cardsOf(parts.value.cards);
  if (!cards.ok) return cards;
  const { entry } = statement.value;
  const ledgerId = sha256(entry);
  const accepted = acceptancesOf(parts.value, { ledgerId, charter: charter.value });
  if (!accepted.ok) return accepted;
  const entries = [entry, ...accepted.value.map((one) => one.entry)];
  const { founders, logTimeMs: genesisTimeMs } = charter.value;
  const hasAccepted = new Set(accepted.value.map(({ iss }) => iss));
  return ok({
    parts: { charter: entry, acceptances: entries.slice(1), cards: parts.value.cards },
    entries,
    cards: cards.value,
    chainId: `tg-${toHex(rootOf(entries.map(leafHash))).slice(0, CHAIN_ID_HEX)}`,
    genesisTimeMs,
    charter: charter.value,
    charterStatement: statement.value,
    ledgerId,
    awaiting: founders.slice(1).flatMap(({ iss }) => (hasAccepted.has(iss) ? [] : [iss])),
  });
}

function partsOf(bytes: Uint8Array): Result<FoundingParts, string> {
  if (bytes.length > BYTES_MAX) return fail('too_large', `${bytes.length} bytes`);
  const opened = openFields(bytes, 'founding');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', VERSION);
  return fields.finish<FoundingParts>({
    charter: fields.bytes('charter', { max: ENTRY_BYTES_MAX }),
    acceptances: fields.byteStrings('acceptances', { max: MEMBERS_MAX }, ENTRY_BYTES_MAX),
    cards: fields.byteStrings('cards', { min: 1, max: MEMBERS_MAX }, CARD_BYTES_MAX),
  });
}

function cardsOf(all: readonly Uint8Array[]): Result<MemberCard[], string> {
  const cards: MemberCard[] = [];
  for (const [i, bytes] of all.entries()) {
    const card = parseMemberCard(bytes);
    if (!card.ok) return fail('card', `card ${i}: ${card.code}: ${card.detail}`);
    cards.push(card.value);
  }
  return ok(cards);
}

/** The founding file of a data folder; throws FoundingError. */
export function readFounding(file: string): Founding {
  const parsed = parseFounding(readSmallFile(file));
  if (!parsed.ok) throw new FoundingError(`${file}: ${parsed.code}: ${parsed.detail}`);
  return parsed.value;
}

function readSmallFile(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    const message = `${file} can't be read; \`truegrain alliance join\` puts it there`;
    throw new FoundingError(message, { cause: error });
  }
}

/** By log time, then in the charter's order: log time does not decrease from leaf to leaf. */
function acceptancesOf(
  { acceptances }: FoundingParts,
  { ledgerId, charter }: { ledgerId: Uint8Array; charter: Charter },
): Result<Statement[], string> {
  const order = (iss: string) => charter.founders.findIndex((founder) => founder.iss === iss);
  const found: { statement: Statement; logTimeMs: number }[] = [];
  for (const bytes of acceptances) {
    const statement = parseStatement(bytes);
    if (!statement.ok) return fail('acceptance', statement.code);
    const { iss, ledgerId: of } = statement.value;
    if (!of || !equal(of, ledgerId)) return fail('acceptance', `of ${iss}: for another charter`);
    if (found.some((one) => one.statement.iss === iss)) return fail('acceptance', `${iss} twice`);
    if (order(iss) < 1) return fail('acceptance', `${iss} is not asked to accept`);
    const body = parseAcceptance(statement.value.payloadBytes);
    if (!body.ok) return fail('acceptance', `of ${iss}: ${body.code}`);
    found.push({ statement: statement.value, logTimeMs: body.value.logTimeMs });
  }
  found.sort(
    (a, b) => a.logTimeMs - b.logTimeMs || order(a.statement.iss) - order(b.statement.iss),
  );
  return ok(found.map(({ statement }) => statement));
}
