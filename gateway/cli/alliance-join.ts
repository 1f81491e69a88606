import { existsSync } from 'node:fs';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Command } from 'commander';
import { useNodeCrypto } from '../admit/native-verify.ts';
import type { DataFolder } from '../data-folder.ts';
import { recordFault } from '../founding.ts';
import { encodeFounding, type Founding, readFounding } from '../founding-file.ts';
import { encodeInvitation, type Invitation, parseInvitation } from '../invitation-file.ts';
import { type AllianceMember, isAllianceMember, ownRecord } from '../member-folder.ts';
import { writeDurably } from '../store/durable-files.ts';
import { lockFolder } from '../store/lock.ts';
import {
  NO_INIT,
  readCard,
  readFoundingFile,
  readInput,
  readInvitationFile,
} from './alliance-files.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

export function addAllianceJoin(alliance: Command, cli: Cli): void {
  withPlace(alliance.command('join'))
    .description('take a complete founding file, or an invitation, into this folder')
    .argument('<file>', '.tgfound or .tginvite')
    .option('--json', 'one line of JSON')
    .action((file: string, options: PlaceOptions & { json?: boolean }) => join(file, options, cli));
}

function join(file: string, options: PlaceOptions & { json?: boolean }, { terminal }: Cli): void {
  useNodeCrypto();
  const { folder, config } = placeOf(options, terminal);
  if (!isAllianceMember(config)) throw new CliError(EXIT.local, NO_INIT);
  const isInvitation = parseInvitation(readInput(file)).ok;
  const invitation = isInvitation ? readInvitationFile(file) : null;
  const founding = invitation?.founding ?? readFoundingFile(file);
  if (founding.awaiting.length > 0) {
    throw new CliError(EXIT.usage, `${file} still needs ${founding.awaiting.join(', ')}`);
  }
  const held = lockFolder(folder.lock);
  try {
    const fault = invitation
      ? newcomerFault(folder, { config, invitation })
      : recordFault(founding, ownRecord(folder, config).record);
    if (fault !== null) throw new CliError(EXIT.usage, `not joined: ${fault}`);
    take(folder, { founding, invitation });
  } finally {
    held.release();
  }
  const ledgerId = toHex(founding.ledgerId);
  const origin = `${founding.charter.ledgerName}/${ledgerId}`;
  answer(terminal, options, {
    value: { origin, ledgerId, chainId: founding.chainId, founding: folder.founding },
    lines: [
      `ledger  ${origin}`,
      `chain   ${founding.chainId}: every member must have the same`,
      'next    truegrain alliance start',
    ],
  });
}

/** A member of the ledger already is let in again, into a folder that was lost; else its card counts. */
function newcomerFault(
  folder: DataFolder,
  { config, invitation }: { config: AllianceMember; invitation: Invitation },
): string | null {
  const { founding, peers } = invitation;
  if (peers.some(({ iss }) => iss === config.member.iss)) return null;
  if (!existsSync(folder.card)) return NO_INIT;
  const { card } = readCard(folder.card);
  if (card.ledgerId && equal(card.ledgerId, founding.ledgerId)) return null;
  return 'the card in this folder does not apply to that ledger: `alliance init --invitation FILE`';
}

/**
 * A folder belongs to one ledger. The invitation comes first: a crash after it leaves a folder that
 * can't start yet, and the same command again completes it.
 */
function take(
  folder: DataFolder,
  { founding, invitation }: { founding: Founding; invitation: Invitation | null },
): void {
  if (existsSync(folder.founding)) {
    const known = readFounding(folder.founding);
    const isOther = known.chainId !== founding.chainId;
    if (isOther && (existsSync(folder.ledger) || !equal(known.ledgerId, founding.ledgerId))) {
      throw new CliError(EXIT.local, `${folder.root} belongs to chain ${known.chainId} already`);
    }
  } else if (existsSync(folder.ledger)) {
    throw new CliError(EXIT.local, `${folder.root} holds another ledger already`);
  }
  if (invitation) writeDurably(folder.invitation, encodeInvitation(invitation));
  writeDurably(folder.founding, encodeFounding(founding.parts));
}
