import { encodeFiling, type Filing } from '@truegrain/device-sdk/formats/filing.js';
import { MEDIA_FILING, MEDIA_ORDER } from '@truegrain/device-sdk/formats/media-types.js';
import { encodeOrder } from '@truegrain/device-sdk/formats/order.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FilingDesk } from '../../../gateway/filing/filing-desk.ts';
import { filingPage } from '../../../gateway/filing/filing-page.ts';
import type { ChangeRequest } from '../../../gateway/http/alliance-backend.ts';
import { MemberVoice, type Utterance } from '../../../gateway/member-voice.ts';
import { profileFrom, profileNamed } from '../../../gateway/profiles/profile-files.ts';
import { cardBytes, DeskRig, deskMember } from '../../support/desk-rig.ts';

const NAMES = ['mill', 'carrier', 'shop', 'board'];
const RESPONSIBLE = { name: 'Li Wei', organisation: 'mill', contact: 'li@mill.example' };
const issOf = (name: string) => `https://${name}.example`;

let rig: DeskRig;
beforeEach(() => {
  rig = new DeskRig(NAMES);
});
afterEach(() => rig.close());

function sheet(sinceLeaf: number | null = null, self = 'mill') {
  const { ledger } = rig;
  const reads = { store: ledger.store, state: () => ledger.state, nowMs: () => rig.nowMs };
  const desk = new FilingDesk({ reads, self: issOf(self), origin: () => 'ledger.example/rice/00' });
  return desk.sheet(sinceLeaf)!;
}

async function agreed(change: ChangeRequest): Promise<void> {
  const proposed = await rig.desk('mill').propose({ change, reason: 'agreed', epoch: null });
  if (!proposed.ok) throw new Error(`${proposed.code}: ${proposed.detail}`);
  const proposalId = proposed.value.id;
  for (const name of ['board', 'carrier', 'shop']) {
    const isOpen = rig.ledger.state.membership!.proposals.size > 0;
    const vote = { proposalId, answer: 'approve', reason: '', textDigest: null } as const;
    const said = isOpen ? await rig.desk(name).answer(vote) : null;
    if (said?.ok === false) throw new Error(`${said.code}: ${said.detail}`);
  }
}

async function say(name: string, utterance: Utterance): Promise<number> {
  const voice = new MemberVoice({
    ledger: rig.ledger,
    iss: issOf(name),
    signer: () => rig.member(name).signers.member,
    nowMs: () => rig.nowMs,
    onChanged: () => {},
  });
  const said = await voice.say(utterance);
  if (!said.ok) throw new Error(`${said.code}: ${said.detail}`);
  return said.value.leafIndex;
}

function file(status: Filing['status'], number = 'A-1'): Promise<number> {
  const filing = {
    service: 'Rice in transit',
    authority: 'CAC',
    number,
    filedMs: rig.nowMs,
    url: null,
    responsible: { ...RESPONSIBLE, name: 'Wu Ling' },
    status,
  };
  const encode = (logTimeMs: number) => encodeFiling({ ...filing, logTimeMs });
  return say('mill', { contentType: MEDIA_FILING, encode });
}

function grainProfile(): ChangeRequest {
  const json = profileNamed('grain-storage');
  const profile = json.ok ? profileFrom(json.value, RESPONSIBLE) : json;
  if (!profile.ok) throw new Error(profile.detail);
  return { kind: 'profile', profile: profile.value };
}

describe('the sheet', () => {
  test('names operator, nodes, legal ids, supervisors and who answers for the charter', () => {
    const { operator, nodes, supervisors, persons, service } = sheet();
    expect(operator).toMatchObject({ iss: issOf('mill'), kind: 'participant', validates: true });
    expect(operator?.legalId.evidence).toMatch(/^[0-9a-f]{64}$/);
    expect(nodes.map(({ name, kind }) => [name, kind])).toEqual([
      ['mill', 'participant'],
      ['carrier', 'participant'],
      ['shop', 'participant'],
      ['board', 'regulator'],
    ]);
    expect(supervisors).toMatchObject([{ member: issOf('board'), name: 'board', sectors: [] }]);
    expect(persons).toEqual([
      {
        name: 'A. Example',
        organisation: 'mill',
        contact: 'mailto:a@mill.example',
        answersFor: ['the charter'],
      },
    ]);
    expect(service).toMatchObject({ ledger: 'ledger.example/rice', size: 4, startedMs: rig.nowMs });
  });

  test('has no operator where the gateway’s own member is none', () => {
    expect(sheet(null, 'stranger').operator).toBeNull();
  });

  test('lists rules of a profile with who answers for them, and each person once', async () => {
    await agreed(grainProfile());
    const { rules, persons, service } = sheet();
    expect(rules.map(({ rule, status }) => [rule, status])).toContainEqual([
      'grain-moisture@1',
      'in force',
    ]);
    expect(rules.every(({ responsible }) => responsible.name === 'Li Wei')).toBe(true);
    expect(persons.map(({ name, answersFor }) => [name, answersFor.length])).toEqual([
      ['A. Example', 1],
      ['Li Wei', rules.length],
    ]);
    expect(service.profiles).toEqual(['grain-storage@1: Grain in store: moisture and temperature']);
  });

  test('a retired rule stays in the list, and nobody answers for it any more', async () => {
    await agreed(grainProfile());
    await agreed({ kind: 'rule-end', action: 'retire', id: 'grain-hot-spot', version: 1 });
    const { rules, persons } = sheet();
    expect(rules.find(({ rule }) => rule === 'grain-hot-spot@1')?.status).toBe('retired');
    const { answersFor } = persons.find(({ name }) => name === 'Li Wei')!;
    expect(answersFor).toContain('rule grain-mean-20@1');
    expect(answersFor).not.toContain('rule grain-hot-spot@1');
  });

  test('knows filings and what became of them', async () => {
    expect(sheet().duties[0]?.here).toBe('No filing is in the log.');
    const leafIndex = await file('in force');
    expect(sheet().filings).toMatchObject([{ number: 'A-1', leafIndex, by: issOf('mill') }]);
    expect(sheet().duties[0]?.here).toBe('A-1, CAC');
    expect(sheet().numberLine).toBe('Filed with CAC: A-1');
    expect(filingPage(sheet())).toMatch(/<footer>.*<p>Filed with CAC: A-1<\/p>/s);
    expect(sheet().persons.at(-1)).toMatchObject({ name: 'Wu Ling', answersFor: ['filing A-1'] });
    await file('ended');
    expect(sheet().numberLine).toBeNull();
    expect(sheet().filings).toMatchObject([{ number: 'A-1', status: 'ended' }]);
    expect(sheet().persons.map(({ name }) => name)).toEqual(['A. Example']);
  });

  test('is the same for the same ledger, but for whose sheet it is', () => {
    const { operator: _, ...own } = sheet(null, 'mill');
    const { operator, ...other } = sheet(null, 'carrier');
    expect(other).toEqual(own);
    expect(operator?.iss).toBe(issOf('carrier'));
  });
});

describe('changes', () => {
  test('since the charter begin with the founders', () => {
    const { sinceLeaf, entries } = sheet().changes;
    expect(sinceLeaf).toBeNull();
    expect(entries).toHaveLength(4);
    expect(entries[0]).toEqual({
      leafIndex: 0,
      timeMs: rig.nowMs,
      kind: 'charter',
      by: issOf('mill'),
      text: 'mill (https://mill.example), participant, founds the ledger.',
    });
  });

  test('name the statement that brought them, and who signed it', async () => {
    const filed = await file('in force');
    const ended = await file('ended');
    await agreed(grainProfile());
    const { entries } = sheet(filed - 1).changes;
    expect(entries.slice(0, 2)).toEqual([
      {
        leafIndex: filed,
        timeMs: rig.nowMs,
        kind: 'filing',
        by: issOf('mill'),
        text: 'Filing A-1 with CAC: in force.',
      },
      {
        leafIndex: ended,
        timeMs: rig.nowMs,
        kind: 'filing',
        by: issOf('mill'),
        text: 'Filing A-1 with CAC: ended.',
      },
    ]);
    // In force by the last answer that it waited for.
    const adopted = entries.find(({ text }) => text.startsWith('Industry profile'));
    expect(adopted).toMatchObject({ kind: 'answer', leafIndex: rig.ledger.state.size - 1 });
    expect(adopted?.by).not.toBe(issOf('mill'));
  });

  test('after a leaf are those after it: members, keys, profile, rules, orders, filing', async () => {
    const since = await file('in force');
    expect(sheet(since).changes.entries).toEqual([]);
    await agreed({
      kind: 'admit',
      card: cardBytes(deskMember('farm'), { ledgerId: rig.ledgerId }),
    });
    const farmLeaf = rig.ledger.state.size - 1;
    expect(sheet(since).changes.entries.map(({ leafIndex }) => leafIndex)).toContain(farmLeaf);
    expect(sheet(farmLeaf).changes.entries).toEqual([]);
    const texts = sheet(since).changes.entries.map(({ text }) => text);
    expect(texts).toContain('farm (https://farm.example), participant, enters.');
    const changed = texts.map((text) => text.replace(/[0-9a-f]{16}/, '…'));
    expect(changed).toContain('A new node key … of https://farm.example.');
    expect(texts.join()).not.toContain('founds');
  });

  test('a profile, a rule’s suspension by order and its return, each at its own leaf', async () => {
    await agreed(grainProfile());
    const enacted = rig.ledger.state.size - 1;
    const order = (action: 'suspend' | 'reinstate') =>
      say('board', {
        contentType: MEDIA_ORDER,
        encode: (logTimeMs) =>
          encodeOrder({
            logTimeMs,
            action,
            target: { kind: 'rule', id: 'grain-mean-20@1' },
            legalBasis: 'Grain Act, 7',
            official: { ...RESPONSIBLE, name: 'O. Fficial' },
            text: 'pending inspection',
          }),
      });
    const suspended = await order('suspend');
    const returned = await order('reinstate');
    const { entries } = sheet(enacted - 1).changes;
    const about = (leafIndex: number) =>
      entries.filter((entry) => entry.leafIndex === leafIndex).map(({ text }) => text);
    expect(about(enacted)).toContain('Industry profile grain-storage@1 is adopted.');
    expect(about(enacted).filter((text) => text.includes('is approved'))).toHaveLength(5);
    expect(about(suspended)).toEqual([
      'Rule grain-mean-20@1 (Grain is on average at most 20 °C) is suspended.',
      'Order of https://board.example: suspend rule grain-mean-20@1.',
    ]);
    expect(about(returned)[0]).toBe(
      'Rule grain-mean-20@1 (Grain is on average at most 20 °C) is in force again.',
    );
    expect(sheet().orders.map(({ lifted }) => lifted)).toEqual([true, false]);
  });
});
