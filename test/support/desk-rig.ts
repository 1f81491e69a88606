import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import type { Charter } from '@truegrain/device-sdk/formats/charter.js';
import type { MemberKind } from '@truegrain/device-sdk/formats/governance.js';
import {
  encodeMemberCard,
  type MemberCard,
  makeMemberCard,
} from '@truegrain/device-sdk/formats/member-card.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { nativeVerify, useNodeCrypto } from '../../gateway/admit/native-verify.ts';
import { acceptCharter, convene } from '../../gateway/founding.ts';
import { encodeFounding, type Founding, parseFounding } from '../../gateway/founding-file.ts';
import { executabilityFault } from '../../gateway/law/executability.ts';
import { SoloLedger } from '../../gateway/ledger/solo.ts';
import type { KeyRecord } from '../../gateway/ledger/state.ts';
import { MemberVoice } from '../../gateway/member-voice.ts';
import { MembershipDesk } from '../../gateway/membership-desk.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { fixedSigner, T0_MS } from './solo-ledger.ts';

export const DAY_MS = 86_400_000;

export interface DeskMember {
  readonly name: string;
  readonly iss: string;
  readonly signers: Record<'member' | 'log' | 'cosigner' | 'node' | 'gateway', Signer>;
}

export interface CardWishes {
  kind?: MemberKind;
  ledgerId?: Uint8Array | null;
  /** Also says what its addresses are. */
  port?: number;
  isEvidenced?: boolean;
}

export function deskMember(name: string): DeskMember {
  const key = (use: string) => fixedSigner(`desk ${name} ${use}`);
  return {
    name,
    iss: `https://${name}.example`,
    signers: {
      member: key('member'),
      log: key('log'),
      cosigner: key('cosigner'),
      node: key('node'),
      gateway: key('gateway'),
    },
  };
}

let nextPort = 20_000;

export function cardOf({ name, iss, signers }: DeskMember, wishes: CardWishes = {}): MemberCard {
  const { kind = 'participant', ledgerId = null, port = nextPort++, isEvidenced = true } = wishes;
  const { member, log, cosigner, node, gateway } = signers;
  const evidence = isEvidenced ? sha256(utf8(`register of ${name}`)) : null;
  const code = toHex(sha256(utf8(name)))
    .slice(0, 16)
    .toUpperCase();
  const record = {
    iss,
    name,
    legalId: { scheme: 'lei' as const, value: `AA${code}00`, evidence },
    kind,
    memberKey: member.key,
    logKey: log.key,
    cosigningKey: cosigner.key,
    cosignerName: `${name}.example/witness`,
    nodeKey: node.key,
    gatewayKeys: [gateway.key],
  };
  const endpoint = {
    http: `https://127.0.0.1:${port}`,
    ca: sha256(utf8(`ca of ${name}`)),
    p2p: `127.0.0.1:${port + 5_000}`,
    nodeId: sha256(utf8(`p2p of ${name}`)).slice(0, 20),
    publicUrl: null,
  };
  const keys = [member, log, cosigner, node, gateway];
  return makeMemberCard({ member: record, endpoint, ledgerId }, keys);
}

export function cardBytes(member: DeskMember, wishes: CardWishes = {}): Uint8Array {
  return encodeMemberCard(cardOf(member, wishes));
}

export const TERMS: Omit<Charter, 'founders'> = {
  logTimeMs: T0_MS,
  ledgerName: 'ledger.example/rice',
  text: 'Temperatures of rice in transit.',
  mode: 'alliance',
  quorum: 'two-thirds',
  answerTermDays: 14,
  noticeTermDays: 30,
  expulsion: 'all-but-expelled',
  ruleApprovals: 1,
  retentionDays: 365,
  disclosure: 'sealed',
  publicEntries: false,
  bytesPerBlock: 1_048_576,
  validatorKinds: ['participant', 'regulator', 'self-regulatory'],
  inlineContentTypes: [],
  law: null,
  responsible: { name: 'A. Example', organisation: 'mill', contact: 'mailto:a@mill.example' },
};

/** The first is the convener; a name in `awaited` has not accepted yet. */
export function foundingOf(
  members: readonly DeskMember[],
  given: {
    kinds?: Record<string, MemberKind>;
    awaited?: readonly string[];
    terms?: Partial<Charter>;
    cards?: Record<string, CardWishes>;
  } = {},
): Founding {
  const cards = members.map((member) => {
    const kind = given.kinds?.[member.name] ?? 'participant';
    return cardOf(member, { kind, ...given.cards?.[member.name] });
  });
  const [convener, ...others] = members;
  const parts = convene({ ...TERMS, ...given.terms }, { cards, signer: convener!.signers.member });
  if (!parts.ok) throw new Error(`${parts.code}: ${parts.detail}`);
  const bare = parsed(encodeFounding(parts.value));
  const acceptances = others
    .filter(({ name }) => !given.awaited?.includes(name))
    .map(({ iss, signers }) => acceptCharter(bare, { iss, signer: signers.member, nowMs: T0_MS }));
  return parsed(encodeFounding({ ...parts.value, acceptances }));
}

function parsed(bytes: Uint8Array): Founding {
  const founding = parseFounding(bytes);
  if (!founding.ok) throw new Error(`${founding.code}: ${founding.detail}`);
  return founding.value;
}

/** An alliance whose members share one store: their desks are real, their consensus is a function. */
export class DeskRig {
  nowMs = T0_MS;
  readonly root = mkdtempSync(join(tmpdir(), 'truegrain-desk-'));
  readonly ledger: SoloLedger;
  readonly founding: Founding;
  readonly changed: KeyRecord[] = [];
  readonly #members = new Map<string, DeskMember>();
  readonly #desks = new Map<string, MembershipDesk>();

  constructor(
    names: readonly string[],
    given: Parameters<typeof foundingOf>[1] = { kinds: { board: 'regulator' } },
  ) {
    useNodeCrypto();
    this.ledger = new SoloLedger(openDatabase(join(this.root, 'ledger.db')), nativeVerify);
    this.founding = foundingOf(
      names.map((name) => this.member(name)),
      given,
    );
    for (const entry of this.founding.entries) {
      const statement = parseStatement(entry);
      const applied = statement.ok ? this.ledger.commitGovernance(statement.value) : statement;
      if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
    }
  }

  member(name: string): DeskMember {
    const member = this.#members.get(name) ?? deskMember(name);
    this.#members.set(name, member);
    return member;
  }

  desk(name: string): MembershipDesk {
    const known = this.#desks.get(name);
    if (known) return known;
    const desk = new MembershipDesk({
      voice: new MemberVoice({
        ledger: this.ledger,
        iss: this.member(name).iss,
        signer: () => this.member(name).signers.member,
        nowMs: () => this.nowMs,
        onChanged: (keys) => this.changed.push(...keys),
      }),
      native: nativeVerify,
      ruleFault: executabilityFault,
    });
    this.#desks.set(name, desk);
    return desk;
  }

  get ledgerId(): Uint8Array {
    return this.founding.ledgerId;
  }

  /** Members in force, by name. */
  get names(): string[] {
    return [...this.ledger.state.membership!.members.values()].map(({ name }) => name);
  }

  close(): void {
    this.ledger.store.db.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}
