// The files that members of an alliance hand to each other, read as untrusted input.
import { readFileSync } from 'node:fs';
import {
  type MemberCard,
  parseMemberCard,
  verifyMemberCard,
} from '@truegrain/device-sdk/formats/member-card.js';
import { nativeVerify } from '../admit/native-verify.ts';
import { foundingFault } from '../founding.ts';
import {
  encodeFounding,
  type Founding,
  type FoundingParts,
  parseFounding,
} from '../founding-file.ts';
import { type Invitation, parseInvitation } from '../invitation-file.ts';
import { writeDurably } from '../store/durable-files.ts';
import { CliError, EXIT } from './terminal.ts';

export const NO_INIT = 'no member in this folder; run `truegrain alliance init` first';

/** Every key proved; whose card it is and for which ledger, the caller looks at. */
export function readCard(file: string): { card: MemberCard; bytes: Uint8Array } {
  const bytes = readInput(file);
  const card = parseMemberCard(bytes);
  const verified = card.ok ? verifyMemberCard(card.value, nativeVerify) : card;
  if (verified.ok) return { card: verified.value, bytes };
  throw new CliError(EXIT.usage, `${file}: ${verified.code}: ${verified.detail}`);
}

/** Every signature and proof checked. */
export function readFoundingFile(file: string): Founding {
  const parsed = parseFounding(readInput(file));
  if (!parsed.ok) throw new CliError(EXIT.usage, `${file}: ${parsed.code}: ${parsed.detail}`);
  const fault = foundingFault(parsed.value, nativeVerify);
  if (fault === null) return parsed.value;
  throw new CliError(EXIT.usage, `${file}: ${fault}`);
}

/** The founding inside is checked whole and complete. */
export function readInvitationFile(file: string): Invitation {
  const parsed = parseInvitation(readInput(file));
  if (!parsed.ok) throw new CliError(EXIT.usage, `${file}: ${parsed.code}: ${parsed.detail}`);
  const { founding } = parsed.value;
  const fault =
    foundingFault(founding, nativeVerify) ??
    (founding.awaiting.length > 0 ? 'its founding is not complete' : null);
  if (fault === null) return parsed.value;
  throw new CliError(EXIT.usage, `${file}: ${fault}`);
}

export function writeFounding(file: string, parts: FoundingParts): Founding {
  const parsed = parseFounding(encodeFounding(parts));
  if (!parsed.ok) throw new Error(`own founding file: ${parsed.code}: ${parsed.detail}`);
  writeDurably(file, encodeFounding(parsed.value.parts));
  return parsed.value;
}

export function readInput(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  }
}

function unreadable(file: string, cause: NodeJS.ErrnoException): CliError {
  const why = cause.code === 'ENOENT' ? 'does not exist' : "can't be read";
  return new CliError(EXIT.usage, `${file} ${why}`, { cause });
}
