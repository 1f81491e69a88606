import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { useNodeCrypto } from '../admit/native-verify.ts';
import { charterWords } from '../charter-words.ts';
import type { DataFolder } from '../data-folder.ts';
import { acceptCharter, recordFault } from '../founding.ts';
import type { Founding } from '../founding-file.ts';
import { isAllianceMember, ownRecord } from '../member-folder.ts';
import { createDurably } from '../store/durable-files.ts';
import { NO_INIT, readFoundingFile, writeFounding } from './alliance-files.ts';
import { consent, preview } from './consent.ts';
import { type PlaceOptions, placeOf } from './place.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

export interface SignFileOptions extends PlaceOptions {
  out?: string;
  yes?: boolean;
  json?: boolean;
}

/** Merges copies of a founding file and adds the own acceptance where it is missing. */
export async function signFounding(
  files: readonly string[],
  options: SignFileOptions,
  { terminal }: Cli,
): Promise<void> {
  useNodeCrypto();
  const { folder, config } = placeOf(options, terminal);
  if (!isAllianceMember(config)) throw new CliError(EXIT.local, NO_INIT);
  const founding = mergedOf(files.map(readFoundingFile));
  const { record, signers } = ownRecord(folder, config);
  const [signer] = signers;
  const { iss } = record;
  const charter = charterWords(founding.charter);
  preview(terminal, options, charter);
  const fault = recordFault(founding, record);
  if (fault !== null || !signer) throw new CliError(EXIT.usage, `not signed: ${fault}`);
  const acceptances = [...founding.parts.acceptances];
  if (founding.awaiting.includes(iss)) {
    await consent(terminal, { yes: options.yes, question: 'Accept this charter?' });
    acceptances.push(
      ownAcceptance(folder, founding, () =>
        acceptCharter(founding, { iss, signer, nowMs: Date.now() }),
      ),
    );
  }
  const out = options.out ?? files[0] ?? '';
  const signed = writeFounding(out, { ...founding.parts, acceptances });
  const { awaiting, chainId } = signed;
  const isComplete = awaiting.length === 0;
  const ledgerId = toHex(signed.ledgerId);
  answer(terminal, options, {
    value: { file: out, ledgerId, awaiting, chainId: isComplete ? chainId : null, charter },
    lines: [
      `ledger id  ${ledgerId}`,
      isComplete
        ? `${out} is complete, chain ${chainId}. Every founder: truegrain alliance join ${out}`
        : `${out} still needs ${awaiting.join(', ')}`,
    ],
  });
}

function mergedOf(copies: readonly Founding[]): Founding {
  const [first] = copies;
  if (!first) throw new CliError(EXIT.usage, 'name a founding file');
  if (copies.some(({ ledgerId }) => !equal(ledgerId, first.ledgerId))) {
    throw new CliError(EXIT.usage, 'these files are not of one charter');
  }
  const byIssuer = new Map<string, Uint8Array>();
  for (const acceptance of copies.flatMap(({ parts }) => parts.acceptances)) {
    const iss = issuerOf(acceptance);
    const known = byIssuer.get(iss);
    if (known && !equal(known, acceptance)) {
      throw new CliError(EXIT.usage, `${iss} accepted twice, in different words: ask it for one`);
    }
    byIssuer.set(iss, acceptance);
  }
  const acceptances = [...byIssuer.values()];
  const has = new Set(byIssuer.keys());
  const awaiting = first.awaiting.filter((iss) => !has.has(iss));
  return { ...first, parts: { ...first.parts, acceptances }, awaiting };
}

function issuerOf(acceptance: Uint8Array): string {
  const statement = parseStatement(acceptance);
  return statement.ok ? statement.value.iss : '';
}

/**
 * Kept before it is handed on: a second acceptance under the same number would be a fork of this
 * member's own stream. A crash in between leaves it here, and the next run gives out the same one.
 */
function ownAcceptance(
  { acceptances: dir }: DataFolder,
  { ledgerId }: Founding,
  make: () => Uint8Array,
): Uint8Array {
  const file = join(dir, `${toHex(ledgerId)}.cose`);
  if (!existsSync(file)) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    createDurably(file, make());
  }
  return new Uint8Array(readFileSync(file));
}
