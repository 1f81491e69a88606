import { existsSync } from 'node:fs';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import type { MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import type { MemberCard } from '@truegrain/device-sdk/formats/member-card.js';
import { recordDigest } from '@truegrain/device-sdk/formats/member-record.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { TWO_THIRDS } from '@truegrain/device-sdk/formats/terms.js';
import type { Command } from 'commander';
import { useNodeCrypto } from '../admit/native-verify.ts';
import { charterWords } from '../charter-words.ts';
import { defaultLaw } from '../default-law.ts';
import { convene } from '../founding.ts';
import { encodeInvitation } from '../invitation-file.ts';
import { isAllianceMember, ownRecord } from '../member-folder.ts';
import { writeDurably } from '../store/durable-files.ts';
import { NO_INIT, readCard, readInput, writeFounding } from './alliance-files.ts';
import { invitationOf } from './alliance-invitation.ts';
import { consent, preview } from './consent.ts';
import { readLawFile } from './law-file.ts';
import { type Place, type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface InviteOptions extends PlaceOptions {
  ledger?: string;
  running?: boolean;
  out: string;
  text?: string;
  responsible?: string;
  organisation?: string;
  contact?: string;
  quorum: string;
  answerDays: string;
  noticeDays: string;
  retentionDays: string;
  disclosure: string;
  publicEntries?: boolean;
  bytesPerBlock: string;
  ruleApprovals?: string;
  law?: string;
  validators: string[];
  yes?: boolean;
  json?: boolean;
}

const VALIDATORS = ['participant', 'regulator', 'self-regulatory'];

export function addAllianceInvite(alliance: Command, cli: Cli): void {
  withPlace(alliance.command('invite'))
    .description(
      'convener: write the charter over all founders’ cards and sign it as leaf 0; ' +
        'or with --running, write what a newcomer pins of this ledger',
    )
    .argument('[cards...]', 'the other founders’ cards')
    .requiredOption('--out <file>', 'the founding file (.tgfound), or the invitation (.tginvite)')
    .option('--running', 'an invitation to the ledger in this folder')
    .option('--ledger <name>', 'ledger name, host and path')
    .option('--text <file>', 'what the ledger is for, in plain words')
    .option('--responsible <name>', 'the person who answers for the ledger')
    .option('--organisation <name>', 'and for which organisation')
    .option('--contact <uri>', 'how to reach them')
    .option('--quorum <n>', 'cosignatures under a checkpoint: a number or two-thirds', 'two-thirds')
    .option('--answer-days <days>', 'after which a silent member may be excepted', '14')
    .option('--notice-days <days>', 'after which a leaver goes alone', '30')
    .option('--retention-days <days>', 'contents can not be erased earlier', '1096')
    .option('--disclosure <rule>', 'open or sealed contents', 'sealed')
    .option('--public-entries', 'device entries are open to everybody')
    .option('--bytes-per-block <n>', 'quota of one organisation in a block', '2097152')
    .option('--rule-approvals <n>', 'members that must approve a rule (default: all founders)')
    .option('--law <file>', 'JSON: conditions, profiles, supervisors, laboratories')
    .option('--validators <kinds...>', 'kinds of members that vote on blocks', VALIDATORS)
    .option('--yes', 'sign without asking')
    .option('--json', 'one line of JSON')
    .action((cards: string[], options: InviteOptions) =>
      options.running ? inviteNewcomer(cards, options, cli) : invite(cards, options, cli),
    );
}

async function invite(
  files: readonly string[],
  options: InviteOptions,
  { terminal }: Cli,
): Promise<void> {
  useNodeCrypto();
  const { own, signer } = ownCard(placeOf(options, terminal));
  const others = files.map((file) => readCard(file).card);
  const cards = [own, ...others.filter(({ member }) => member.iss !== own.member.iss)];
  const terms = termsOf(options, cards);
  const parts = convene(terms, { cards, signer });
  if (!parts.ok) throw new CliError(EXIT.usage, `no charter: ${parts.code}: ${parts.detail}`);
  const charter = charterWords({ ...terms, founders: cards.map(({ member }) => member) });
  preview(terminal, options, charter);
  await consent(terminal, { yes: options.yes, question: 'Sign this charter as its convener?' });
  const { ledgerId, awaiting } = writeFounding(options.out, parts.value);
  answer(terminal, options, {
    value: { file: options.out, ledgerId: toHex(ledgerId), awaiting, charter },
    lines: [
      `ledger id  ${toHex(ledgerId)}`,
      `${options.out} is signed by you. Each other founder: truegrain alliance sign ${options.out}`,
    ],
  });
}

/** The card beside the keys, and that it is of these keys. */
function ownCard({ folder, config }: Place): { own: MemberCard; signer: Signer } {
  if (!isAllianceMember(config) || !existsSync(folder.card))
    throw new CliError(EXIT.local, NO_INIT);
  const { card } = readCard(folder.card);
  const { record, signers } = ownRecord(folder, config);
  const [signer] = signers;
  if (signer && equal(recordDigest(card.member), recordDigest(record)))
    return { own: card, signer };
  const text = `${folder.card} says other things than configuration and keys: run init again`;
  throw new CliError(EXIT.local, text);
}

function termsOf(options: InviteOptions, cards: readonly MemberCard[]): Omit<Charter, 'founders'> {
  const { ledger, quorum, text, responsible, organisation, contact, law } = options;
  const own = cards[0]?.member;
  if (ledger === undefined || !own) {
    throw new CliError(EXIT.usage, 'the convener names the ledger: --ledger');
  }
  const names = cards.map(({ member }) => member.name).join(', ');
  const purpose = `${names} keep this ledger together, and each checks the others.`;
  return {
    logTimeMs: Date.now(),
    ledgerName: ledger,
    text: text === undefined ? purpose : new TextDecoder().decode(readInput(text)).trimEnd(),
    mode: 'alliance',
    quorum: quorum === TWO_THIRDS ? TWO_THIRDS : wholeNumber('--quorum', quorum),
    answerTermDays: wholeNumber('--answer-days', options.answerDays),
    noticeTermDays: wholeNumber('--notice-days', options.noticeDays),
    expulsion: 'all-but-expelled',
    ruleApprovals: wholeNumber('--rule-approvals', options.ruleApprovals ?? `${cards.length}`),
    retentionDays: wholeNumber('--retention-days', options.retentionDays),
    disclosure: options.disclosure as Charter['disclosure'],
    publicEntries: options.publicEntries ?? false,
    bytesPerBlock: wholeNumber('--bytes-per-block', options.bytesPerBlock),
    validatorKinds: options.validators as MemberKind[],
    inlineContentTypes: [],
    law: law === undefined ? defaultLaw(cards.map(({ member }) => member)) : readLawFile(law),
    responsible: {
      name: responsible ?? own.name,
      organisation: organisation ?? own.name,
      contact: contact ?? own.iss,
    },
  };
}

function wholeNumber(flag: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new CliError(EXIT.usage, `${flag} ${text} is not a whole number`);
}

function inviteNewcomer(cards: readonly string[], options: InviteOptions, { terminal }: Cli): void {
  if (cards.length > 0) {
    throw new CliError(EXIT.usage, 'a newcomer’s card goes to `alliance propose admit`');
  }
  const { folder } = placeOf(options, terminal);
  const invitation = invitationOf(folder);
  writeDurably(options.out, encodeInvitation(invitation));
  const { founding, size, peers } = invitation;
  const origin = `${founding.charter.ledgerName}/${toHex(founding.ledgerId)}`;
  answer(terminal, options, {
    value: { file: options.out, origin, ledgerId: toHex(founding.ledgerId), size },
    lines: [
      `ledger   ${origin}`,
      `members  ${peers.map(({ name }) => name).join(', ')}`,
      `${options.out} holds nothing secret. The newcomer: truegrain alliance init --invitation FILE …`,
      'Tell it the ledger id by another way than this file goes.',
    ],
  });
}
