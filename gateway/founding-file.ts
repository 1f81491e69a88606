import { readFileSync } from 'node:fs';
import { parseAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type CborKey, type CborValue, encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { type Charter, parseCharter } from '@truegrain/device-sdk/formats/charter.js';
import { openFields } from '@truegrain/device-sdk/formats/fields.js';
import { type MemberCard, parseMemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';

/** What all members of an alliance begin with, byte for byte: `.tgfound`. */
export interface Founding {
  /** Charter, then acceptances in the order in which they become leaves. */
  entries: Uint8Array[];
  cards: MemberCard[];
  /** From the ledger id: engines of different ledgers never talk. */
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
  acceptances: readonly Uint8Array[];
  cards: readonly Uint8Array[];
}

const VERSION = 1;
const BYTES_MAX = 4 * 1_048_576;
const CARDS_MAX = 64;
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

/** Form and belonging alone: signatures are checked where the entries become leaves. */
export function parseFounding(
  bytes: Uint8Array,
): Result<Founding & { parts: FoundingParts }, string> {
  if (bytes.length > BYTES_MAX) return fail('too_large', `${bytes.length} bytes`);
  const opened = openFields(bytes, 'founding');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', VERSION);
  const parts = fields.finish<FoundingParts>({
    charter: fields.bytes('charter', {}),
    acceptances: bytesOf(fields.list('acceptances', { max: CARDS_MAX })),
    cards: bytesOf(fields.list('cards', { min: 1, max: CARDS_MAX })),
  });
  if (!parts.ok) return parts;
  const statement = parseStatement(parts.value.charter);
  const charter = statement.ok ? parseCharter(statement.value.payloadBytes) : statement;
  if (!statement.ok || !charter.ok) return fail('charter', 'leaf 0 is no charter');
  const cards: MemberCard[] = [];
  for (const bytes of parts.value.cards) {
    const card = parseMemberCard(bytes);
    if (!card.ok) return fail('card', `${card.code}: ${card.detail}`);
    cards.push(card.value);
  }
  const ledgerId = sha256(statement.value.entry);
  const accepted = acceptancesOf(parts.value, { ledgerId, charter: charter.value });
  if (!accepted.ok) return accepted;
  const awaiting = charter.value.founders
    .slice(1)
    .filter(({ iss }) => !accepted.value.some((one) => one.iss === iss));
  return ok({
    entries: [statement.value.entry, ...accepted.value.map(({ entry }) => entry)],
    cards,
    chainId: `tg-${toHex(ledgerId).slice(0, CHAIN_ID_HEX)}`,
    genesisTimeMs: charter.value.logTimeMs,
    charter: charter.value,
    charterStatement: statement.value,
    ledgerId,
    awaiting: awaiting.map(({ iss }) => iss),
    parts: parts.value,
  });
}

export function readFounding(file: string): Founding & { parts: FoundingParts } {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const message = `${file} can't be read; \`truegrain alliance join\` puts it there`;
    throw new FoundingError(message, { cause: error });
  }
  const parsed = parseFounding(new Uint8Array(bytes));
  if (!parsed.ok) throw new FoundingError(`${file}: ${parsed.code}: ${parsed.detail}`);
  return parsed.value;
}

/** By log time, then in the charter's order: log time does not decrease from leaf to leaf. */
function acceptancesOf(
  { acceptances }: FoundingParts,
  { ledgerId, charter }: { ledgerId: Uint8Array; charter: Charter },
): Result<Statement[], string> {
  const found: { statement: Statement; logTimeMs: number }[] = [];
  for (const bytes of acceptances) {
    const statement = parseStatement(bytes);
    if (!statement.ok) return fail('acceptance', statement.code);
    const { iss, ledgerId: of } = statement.value;
    if (!of || !equal(of, ledgerId)) return fail('acceptance', `of ${iss}: for another charter`);
    if (found.some((one) => one.statement.iss === iss)) return fail('acceptance', `${iss} twice`);
    const body = parseAcceptance(statement.value.payloadBytes);
    if (!body.ok) return fail('acceptance', `of ${iss}: ${body.code}`);
    found.push({ statement: statement.value, logTimeMs: body.value.logTimeMs });
  }
  const order = (iss: string) => charter.founders.findIndex((founder) => founder.iss === iss);
  found.sort(
    (a, b) => a.logTimeMs - b.logTimeMs || order(a.statement.iss) - order(b.statement.iss),
  );
  return ok(found.map(({ statement }) => statement));
}

function bytesOf(items: readonly CborValue[]): Uint8Array[] {
  return items.map((item) => (item instanceof Uint8Array ? item : new Uint8Array()));
}
