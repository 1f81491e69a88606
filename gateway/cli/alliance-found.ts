import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import type { MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import {
  CARD_EXTENSION,
  encodeMemberCard,
  type MemberCard,
  parseMemberCard,
  verifyMemberCard,
} from '@truegrain/device-sdk/formats/member-card.js';
import type { Command } from 'commander';
import { nativeVerify, useNodeCrypto } from '../admit/native-verify.ts';
import { acceptCharter, charterWords, convene, recordFault } from '../founding.ts';
import {
  encodeFounding,
  type Founding,
  type FoundingParts,
  parseFounding,
} from '../founding-file.ts';
import { loadEngineKeys, loadMemberKeys, signerOf } from '../keys.ts';
import { evidenceDigest, type MemberWishes, makeMemberFolder } from '../member-folder.ts';
import { writeDurably } from '../store/durable-files.ts';
import { type Place, type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT, print } from './terminal.ts';

interface InitOptions extends PlaceOptions {
  iss: string;
  name: string;
  kind: MemberKind;
  ledger: string;
  peer: string;
  p2p: string;
  listen: string;
  http: string;
  mqtt: string;
  lei?: string;
  uscc?: string;
  evidence?: string;
  cosigner?: string;
  ledgerId?: string;
  loopback?: boolean;
  json?: boolean;
}

export function addFoundingCommands(alliance: Command, cli: Cli): void {
  withPlace(alliance.command('init'))
    .description('make this organisation’s own folder: keys, certificate, configuration, card')
    .requiredOption('--iss <uri>', 'the member as a URI')
    .requiredOption('--name <name>', 'the member, for people')
    .option('--kind <kind>', 'participant, regulator, self-regulatory or auditor', 'participant')
    .requiredOption('--ledger <name>', 'ledger name, host and path')
    .requiredOption('--peer <url>', 'https://host:port where the others reach the members’ door')
    .requiredOption('--p2p <host:port>', 'where their engines reach this one')
    .option('--listen <address>', 'address to listen on for both', '0.0.0.0')
    .option('--http <host:port>', 'the public API', '127.0.0.1:8080')
    .option('--mqtt <host:port>', 'devices', '127.0.0.1:1883')
    .option('--lei <code>', 'legal entity identifier (ISO 17442)')
    .option('--uscc <code>', 'unified social credit code (GB 32100)')
    .option('--evidence <file>', 'document that proves it; its SHA-256 goes into the charter')
    .option('--cosigner <name>', 'name of its cosignatures (default: host of the URI, /witness)')
    .option('--ledger-id <hex>', 'apply to this running ledger; absent for a founding')
    .option('--loopback', 'several members on one machine: for trials')
    .option('--json', 'one line of JSON')
    .action((options: InitOptions) => init(options, cli));
  withPlace(alliance.command('invite'))
    .description('convener: write the charter over the founders’ cards and sign it as leaf 0')
    .argument('<cards...>', 'the founders’ cards, the own one first')
    .requiredOption('--out <file>', 'the founding file (.tgfound)')
    .option('--text <file>', 'what the ledger is for, in plain words')
    .option('--responsible <name>', 'the person who answers for the ledger')
    .option('--contact <uri>', 'how to reach them')
    .option('--quorum <n>', 'cosignatures under a checkpoint', 'two-thirds')
    .option('--answer-days <days>', 'after which a silent member may be excepted', '14')
    .option('--notice-days <days>', 'after which a leaver goes alone', '30')
    .option('--retention-days <days>', 'contents can not be erased earlier', '1096')
    .option('--disclosure <rule>', 'open or sealed contents', 'sealed')
    .option('--public-entries', 'device entries are open to everybody')
    .option('--bytes-per-block <n>', 'quota of one organisation', '2097152')
    .action((cards: string[], options: InviteOptions) => invite(cards, options, cli));
  withPlace(alliance.command('join'))
    .description('take a complete founding file (or an invitation) into this folder')
    .argument('<file>', '.tgfound')
    .action((file: string, options: PlaceOptions) => join_(file, options, cli));
}

async function init(options: InitOptions, { terminal }: Cli): Promise<void> {
  useNodeCrypto();
  const { folder, configFile } = placeOf(options, terminal);
  const wishes = wishesOf(options);
  const card = await makeMemberFolder(folder, { configFile, wishes, nowMs: Date.now() });
  const file = join(folder.root, `member${CARD_EXTENSION}`);
  writeDurably(file, encodeMemberCard(card));
  answer(terminal, options, {
    value: { card: file, config: configFile, data: folder.root, iss: wishes.iss },
    lines: [
      `card    ${file}`,
      `config  ${configFile}`,
      `Back up ${folder.keys} now, offline: nobody else has these keys.`,
      'Give the card to the convener, or to any member of a running alliance.',
    ],
  });
}

function wishesOf(options: InitOptions): MemberWishes {
  const { iss, name, kind, ledger, peer, p2p, listen, ledgerId } = options;
  if (!URL.canParse(peer) || new URL(peer).protocol !== 'https:') {
    throw new CliError(EXIT.usage, `--peer ${peer} is not an https URL`);
  }
  const port = (text: string) => Number(text.slice(text.lastIndexOf(':') + 1));
  const { lei, uscc, evidence } = options;
  const scheme = lei ? ('lei' as const) : uscc ? ('uscc' as const) : ('none' as const);
  const id = ledgerId === undefined ? null : Buffer.from(ledgerId, 'hex');
  if (id && id.length !== 32) throw new CliError(EXIT.usage, '--ledger-id is 64 hex digits');
  return {
    iss,
    name,
    kind,
    ledgerName: ledger,
    cosignerName: options.cosigner ?? `${new URL(iss).hostname || ledger}/witness`,
    legalId: {
      scheme,
      value: lei ?? uscc ?? '',
      evidence: evidence === undefined ? null : evidenceDigest(evidence),
    },
    advertiseHttp: peer.replace(/\/+$/, ''),
    advertiseP2p: p2p,
    peer: { host: listen, port: Number(new URL(peer).port || 443) },
    p2p: { host: listen, port: port(p2p) },
    http: hostPort(options.http),
    mqtt: hostPort(options.mqtt),
    loopback: options.loopback ?? false,
    ledgerId: id ? new Uint8Array(id) : null,
  };
}

function hostPort(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (at < 1 || !Number.isInteger(port)) throw new CliError(EXIT.usage, `${text} is not host:port`);
  return { host: text.slice(0, at), port };
}

interface InviteOptions extends PlaceOptions {
  out: string;
  text?: string;
  responsible?: string;
  contact?: string;
  quorum: string;
  answerDays: string;
  noticeDays: string;
  retentionDays: string;
  disclosure: string;
  publicEntries?: boolean;
  bytesPerBlock: string;
}

function invite(files: readonly string[], options: InviteOptions, { terminal }: Cli): void {
  useNodeCrypto();
  const place = placeOf(options, terminal);
  const cards = files.map(readCard);
  const { member } = loadMemberKeys(place.folder.keys);
  const parts = convene(termsOf(options, { cards, place }), { cards, signer: member });
  if (!parts.ok) throw new CliError(EXIT.usage, `no charter: ${parts.code}: ${parts.detail}`);
  const founding = writeFounding(options.out, parts.value);
  for (const line of charterWords(founding)) print(terminal, line);
  print(terminal, `ledger id  ${toHex(founding.ledgerId)}`);
  print(
    terminal,
    `${options.out} is signed by you. Each other founder: truegrain alliance sign ${options.out}`,
  );
}

function termsOf(
  options: InviteOptions,
  { cards, place }: { cards: readonly MemberCard[]; place: Place },
): Omit<Charter, 'founders'> {
  const own = cards[0]?.member;
  const ledgerName = place.config?.ledgerName;
  if (!own || !ledgerName) {
    throw new CliError(EXIT.local, 'run `truegrain alliance init` in this folder first');
  }
  const number = (text: string) => Number(text);
  return {
    logTimeMs: Date.now(),
    ledgerName,
    text: options.text
      ? readFileSync(options.text, 'utf8').trimEnd()
      : `${cards.map(({ member }) => member.name).join(', ')} keep this ledger together, and each checks the others.`,
    mode: 'alliance',
    quorum: options.quorum === 'two-thirds' ? 'two-thirds' : number(options.quorum),
    answerTermDays: number(options.answerDays),
    noticeTermDays: number(options.noticeDays),
    expulsion: 'all-but-expelled',
    ruleApprovals: 1,
    retentionDays: number(options.retentionDays),
    disclosure: options.disclosure as Charter['disclosure'],
    publicEntries: options.publicEntries ?? false,
    bytesPerBlock: number(options.bytesPerBlock),
    validatorKinds: ['participant', 'regulator', 'self-regulatory'],
    inlineContentTypes: [],
    responsible: {
      name: options.responsible ?? own.name,
      organisation: own.name,
      contact: options.contact ?? own.iss,
    },
  };
}

/** Adds the own acceptance to a founding file; several copies are merged. */
export function signFounding(
  files: readonly string[],
  options: PlaceOptions & { out?: string; yes?: boolean },
  { terminal }: Cli,
): void {
  useNodeCrypto();
  const { folder, config } = placeOf(options, terminal);
  const [first] = files;
  if (!config || first === undefined) {
    throw new CliError(EXIT.local, 'run `truegrain alliance init` in this folder first');
  }
  const copies = files.map(readFoundingFile);
  const [founding] = copies as [Founding & { parts: FoundingParts }];
  if (copies.some(({ ledgerId }) => toHex(ledgerId) !== toHex(founding.ledgerId))) {
    throw new CliError(EXIT.usage, 'these files are not of one charter');
  }
  for (const line of charterWords(founding)) print(terminal, line);
  const { iss } = config.member;
  const { member, log, cosigner, gateway } = loadMemberKeys(folder.keys);
  const node = signerOf(loadEngineKeys(folder.keys).node);
  const own = [member, log, cosigner, node, gateway].map(({ key }) => key);
  const fault = recordFault(founding, iss, own);
  if (fault) throw new CliError(EXIT.usage, fault);
  const known = new Map(
    copies.flatMap(({ parts }) => parts.acceptances.map((one) => [toHex(one), one] as const)),
  );
  if (founding.charter.founders[0]?.iss !== iss && founding.awaiting.includes(iss)) {
    if (!options.yes) {
      throw new CliError(EXIT.usage, 'read the charter above; sign it with --yes');
    }
    const acceptance = acceptCharter(founding, { iss, signer: member, nowMs: Date.now() });
    known.set(toHex(acceptance), acceptance);
  }
  const out = options.out ?? first;
  const signed = writeFounding(out, { ...founding.parts, acceptances: [...known.values()] });
  print(
    terminal,
    signed.awaiting.length === 0
      ? `${out} is complete: every member runs \`truegrain alliance join ${out}\``
      : `${out} still needs ${signed.awaiting.join(', ')}`,
  );
}

function join_(file: string, options: PlaceOptions, { terminal }: Cli): void {
  useNodeCrypto();
  const { folder, config } = placeOf(options, terminal);
  const founding = readFoundingFile(file);
  if (founding.awaiting.length > 0) {
    throw new CliError(EXIT.usage, `${file} still needs ${founding.awaiting.join(', ')}`);
  }
  if (!config) throw new CliError(EXIT.local, 'run `truegrain alliance init` in this folder first');
  writeDurably(folder.founding, encodeFounding(founding.parts));
  print(terminal, `ledger  ${founding.charter.ledgerName}/${toHex(founding.ledgerId)}`);
  print(terminal, 'next    truegrain alliance start');
}

function readCard(file: string): MemberCard {
  const card = parseMemberCard(new Uint8Array(readFileSync(file)));
  if (!card.ok) throw new CliError(EXIT.usage, `${file}: ${card.code}: ${card.detail}`);
  const verified = verifyMemberCard(card.value, nativeVerify);
  if (!verified.ok) throw new CliError(EXIT.usage, `${file}: ${verified.code}: ${verified.detail}`);
  return card.value;
}

function readFoundingFile(file: string): Founding & { parts: FoundingParts } {
  const parsed = parseFounding(new Uint8Array(readFileSync(file)));
  if (!parsed.ok) throw new CliError(EXIT.usage, `${file}: ${parsed.code}: ${parsed.detail}`);
  return parsed.value;
}

function writeFounding(file: string, parts: FoundingParts): Founding & { parts: FoundingParts } {
  const bytes = encodeFounding(parts);
  const parsed = parseFounding(bytes);
  if (!parsed.ok) throw new Error(`own founding file: ${parsed.code}: ${parsed.detail}`);
  writeDurably(file, bytes);
  return parsed.value;
}
