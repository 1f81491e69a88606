// Each criterion where it fails, beside a ledger in which it holds (verdict.test.ts).
import { encodeBatch } from '@truegrain/device-sdk/formats/batch.js';
import { encodeFiling } from '@truegrain/device-sdk/formats/filing.js';
import { encodeGrades } from '@truegrain/device-sdk/formats/grade.js';
import type { LawTerms } from '@truegrain/device-sdk/formats/law-terms.js';
import {
  MEDIA_BATCH,
  MEDIA_FILING,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_PROPOSAL,
} from '@truegrain/device-sdk/formats/media-types.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { encodeOrder } from '@truegrain/device-sdk/formats/order.js';
import type { Profile } from '@truegrain/device-sdk/formats/profile.js';
import { encodeProfileBinding } from '@truegrain/device-sdk/formats/profile-binding.js';
import { encodeProposal } from '@truegrain/device-sdk/formats/proposal.js';
import type { RuleExample } from '@truegrain/device-sdk/formats/rule.js';
import { describe, expect, it } from 'vitest';
import { seen, unseen } from '../../../gateway/conformance/seen.ts';
import type { SampleLedger } from '../../support/sample-ledger.ts';
import { inline, PLAIN_GRADE, statementOf, T0_MS } from '../../support/sample-members.ts';
import { rule } from '../law/law-samples.ts';
import {
  allianceLedger,
  announce,
  decide,
  endpointOf,
  FOUR,
  judge,
  MemorySource,
  noteBy,
  outcomeOf,
  placesOf,
} from './chain-samples.ts';

const OPEN = { isOpen: true } as const;

describe('C-01 the log is the one you trust', () => {
  it('fails without a log key of the policy, and for another ledger id', async () => {
    const ledger = allianceLedger();
    const stranger = { ...ledger.policy, logs: allianceLedger({ quorum: 4 }).policy.logs };
    const report = await judge(ledger, { policy: stranger });
    expect(outcomeOf(report, 'C-01')).toMatch(/^failed: no log key of your policy signed/);
    expect(report.verdict).toBe('pseudo-chain');
    const trust = { policy: null, ledgerId: new Uint8Array(32) };
    const other = await judge(ledger, { trust });
    expect(outcomeOf(other, 'C-01')).toMatch(/^failed: .*not that of the ledger you named/);
  });

  it('holds with the ledger id alone, and fails where no member signed', async () => {
    const ledger = allianceLedger();
    const trust = { policy: null, ledgerId: ledger.ledgerId };
    const report = await judge(ledger, { trust });
    expect(outcomeOf(report, 'C-01')).toMatch(/^passed/);
    expect(report).toMatchObject({ verdict: 'alliance chain', trust: ['ledger id'] });
    const { origin } = ledger;
    const forged = allianceLedger({ names: ['eve', 'finn', 'gus', 'hal'] });
    const note = noteBy(
      Object.assign(Object.create(forged) as SampleLedger, { origin, entries: ledger.entries }),
    );
    const bad = await judge(ledger, { trust, memory: { notes: [note] } });
    expect(outcomeOf(bad, 'C-01')).toMatch(
      /^failed: .*not signed by a log key that the ledger’s own members have/,
    );
  });

  it('fails where the charter shown is not under the signed name', async () => {
    const ledger = allianceLedger();
    const other = allianceLedger({ terms: { text: 'Another charter.' } });
    const note = noteBy(ledger, { entries: other.entries });
    const report = await judge(ledger, { memory: { entries: other.entries, notes: [note] } });
    expect(outcomeOf(report, 'C-01')).toMatch(/^failed: the charter shown founds/);
  });
});

describe('C-02 what is shown is what was signed', () => {
  it('fails where an entry was exchanged', async () => {
    const ledger = allianceLedger();
    const notes = [noteBy(ledger)];
    const entries = ledger.entries.map((entry, i) => (i === 5 ? ledger.entries[4]! : entry));
    for (const isOpen of [true, false]) {
      const report = await judge(ledger, { memory: { entries, notes, isOpen } });
      expect(outcomeOf(report, 'C-02')).toMatch(/^failed/);
      expect(report.verdict).toBe('pseudo-chain');
    }
  });

  it('fails where the tiles lead elsewhere', async () => {
    const ledger = allianceLedger();
    const tile = (_tile: unknown, bytes: Uint8Array) =>
      seen(bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte)));
    const report = await judge(ledger, { memory: { tile } });
    expect(outcomeOf(report, 'C-02')).toMatch(/^failed: the tiles do not lead to the root/);
  });
});

describe('C-03 there is one history', () => {
  it('fails where the history changes during the run, at equal size or a larger one', async () => {
    const ledger = allianceLedger();
    const before = noteBy(ledger);
    const turned = ledger.entries.map((entry, i, all) => (i === 6 ? all[7]! : entry));
    for (const entries of [turned, [...turned, ledger.entries[8]!]]) {
      const memory = { notes: [before, noteBy(ledger, { entries })], entries };
      const report = await judge(ledger, { memory, places: {} });
      expect(outcomeOf(report, 'C-03')).toMatch(
        /^failed: from the start of this run .* the history was changed/,
      );
    }
  });

  it('holds where the ledger grew meanwhile, proved from the tiles', async () => {
    const ledger = allianceLedger();
    const before = noteBy(ledger);
    announce(ledger, 1, endpointOf('bolt'));
    const report = await judge(ledger, { memory: { notes: [before, noteBy(ledger)] } });
    expect(outcomeOf(report, 'C-03')).toMatch(/^passed/);
    const { evidence } = report.criteria.find(({ id }) => id === 'C-03')!;
    expect(evidence[0]).toMatch(/one continues the other, proved from the tiles/);
  });

  it('fails where a member has signed another history', async () => {
    const ledger = allianceLedger();
    const entries = ledger.entries.map((entry, i, all) => (i === 6 ? all[7]! : entry));
    const url = endpointOf('cargo').publicUrl!;
    const lie = new MemorySource(
      ledger,
      { entries, notes: [noteBy(ledger, { by: 2, entries })] },
      url,
    );
    const report = await judge(ledger, { places: { ...placesOf(ledger), [url]: lie } });
    expect(outcomeOf(report, 'C-03')).toMatch(
      /^failed: cargo \(size \d+\) has signed another history/,
    );
    expect(outcomeOf(report, 'C-12')).toMatch(/^failed: answers, but not with this ledger: cargo/);
    expect(report.verdict).toBe('pseudo-chain');
  });

  it('fails where the last run had seen another history, or entries that are gone', async () => {
    const ledger = allianceLedger();
    const turned = ledger.entries.slice(0, 9).map((entry, i, all) => (i === 6 ? all[7]! : entry));
    const longer = [...ledger.entries, ledger.entries[3]!];
    for (const entries of [turned, longer]) {
      const report = await judge(ledger, { earlier: noteBy(ledger, { entries }) });
      expect(outcomeOf(report, 'C-03')).toMatch(
        /^failed: from the last run .* the history was changed/,
      );
    }
    const good = noteBy(ledger, { entries: ledger.entries.slice(0, 9) });
    expect(outcomeOf(await judge(ledger, { earlier: good }), 'C-03')).toMatch(/^passed/);
  });

  it('an earlier note that nobody trusted signed convicts nobody', async () => {
    const ledger = allianceLedger();
    const report = await judge(ledger, { earlier: 'not a note' });
    expect(outcomeOf(report, 'C-03')).toMatch(/^not seen/);
    expect(report.verdict).toBe('undecided');
  });
});

describe('C-05 unanimity', () => {
  const exit = (ledger: SampleLedger, who: number) => {
    return { kind: 'exit' as const, member: ledger.members[who]!.iss };
  };

  it('counts the approvals of each change', async () => {
    const ledger = allianceLedger();
    decide(ledger, { by: 3, change: exit(ledger, 3), epoch: 0, approvers: [0, 1, 2] });
    const policy = { ...ledger.policy, quorum: 'none' };
    const report = await judge(ledger, { policy });
    const found = report.criteria.find(({ id }) => id === 'C-05')!;
    expect(found).toMatchObject({
      outcome: 'passed',
      summary: '1 changes since the founding; no exception was used',
    });
    expect(found.evidence[1]).toMatch(/exit of https:\/\/duty.example, signed by 4 of 4/);
    expect(report.presented).toBe(3);
  });

  it('reports each exception', async () => {
    const ledger = allianceLedger();
    const change = { kind: 'expel' as const, member: ledger.members[1]!.iss };
    decide(ledger, { by: 0, change, epoch: 0, approvers: [2, 3] });
    const report = await judge(ledger);
    expect(report.exceptions).toEqual([
      { leafIndex: ledger.size - 1, kind: 'expulsion', member: 'https://bolt.example' },
    ]);
    expect(outcomeOf(report, 'C-05')).toMatch(/1 exceptions were used, each is marked/);
  });

  it('fails on a statement of nobody, and on what the charter forbids', async () => {
    const ledger = allianceLedger();
    const proposal = {
      logTimeMs: ledger.tick(),
      epoch: 7,
      reason: 'a coup',
      change: exit(ledger, 1),
    };
    ledger.govern(MEDIA_PROPOSAL, encodeProposal(proposal), undefined, 1);
    const report = await judge(ledger);
    expect(outcomeOf(report, 'C-05')).toMatch(/^failed/);
    expect(report.criteria.find(({ id }) => id === 'C-05')!.evidence[0]).toMatch(
      /breaks the charter: stale_proposal/,
    );
    const stranger = allianceLedger({ names: ['eve', 'finn', 'gus', 'hal'] });
    const forged = allianceLedger();
    const bytes = encodeProposal({ ...proposal, epoch: 0 });
    const { member, iss } = stranger.members[0]!;
    const payload = inline(MEDIA_PROPOSAL, bytes);
    forged.append(forged.sign(member, iss, forged.charter.ledgerName, payload).bytes);
    const other = await judge(forged);
    expect(other.criteria.find(({ id }) => id === 'C-05')!.evidence[0]).toMatch(
      /not signed by a member of that time/,
    );
    expect(other.verdict).toBe('pseudo-chain');
  });

  it('fails where a founder never accepted', async () => {
    const ledger = allianceLedger({
      accepts: false,
      endpoints: { acme: null, bolt: null, cargo: null, duty: null },
      hasFacts: false,
    });
    ledger.accept('bolt', 'cargo');
    const report = await judge(ledger);
    expect(outcomeOf(report, 'C-05')).toMatch(/^failed/);
    expect(report.criteria.find(({ id }) => id === 'C-05')!.evidence.join()).toMatch(
      /missing: duty/,
    );
  });

  it('fails where the policy knows a key that no change shown has registered', async () => {
    const ledger = allianceLedger();
    const [log] = ledger.policy.logs;
    const key = { ...log!.key, key: new Uint8Array(32).fill(9) };
    const policy = { ...ledger.policy, logs: [...ledger.policy.logs, { ...log!, key }] };
    expect(outcomeOf(await judge(ledger, { policy }), 'C-05')).toMatch(
      /^failed: your policy has log keys/,
    );
  });

  it('is not seen where leaf 0 was not shown', async () => {
    const ledger = allianceLedger();
    const report = await judge(ledger, { memory: { hidden: (leaf) => leaf === 0 } });
    expect(outcomeOf(report, 'C-05')).toMatch(/^not seen/);
    expect(report.verdict).not.toBe('alliance chain');
  });
});

describe('C-06 and C-08 quorums', () => {
  it('a quorum of one lets each of them rewrite', async () => {
    const report = await judge(allianceLedger({ quorum: 1 }));
    expect(outcomeOf(report, 'C-06')).toMatch(
      /^failed: acme could sign and cosign a second history; bolt could/,
    );
    expect(outcomeOf(report, 'C-08')).toMatch(/^failed: 1 of 4/);
    expect(report.verdict).toBe('pseudo-chain');
  });

  it('keys that nobody is shown to hold are counted with everybody', async () => {
    const bare = { legalId: { scheme: 'none' as const, value: '', evidence: null } };
    const report = await judge(allianceLedger({ quorum: 2, records: { cargo: bare, duty: bare } }));
    expect(outcomeOf(report, 'C-04')).toMatch(/^passed/);
    expect(outcomeOf(report, 'C-06')).toMatch(/^failed: .*counting keys nobody is shown to hold/);
    expect(report.verdict).toBe('pseudo-chain');
  });

  it('two organisations in one hand hold two thirds of three votes', async () => {
    const shared = { ca: new Uint8Array(64).fill(5) };
    const names = ['acme', 'bolt', 'cargo'];
    const report = await judge(
      allianceLedger({ names, quorum: 2, endpoints: { acme: shared, bolt: shared } }),
    );
    expect(outcomeOf(report, 'C-06')).toMatch(/^failed: acme \+ bolt could sign/);
  });

  it('says how many organisations a second history takes', async () => {
    expect(outcomeOf(await judge(allianceLedger()), 'C-06')).toBe(
      'passed: a second history takes the keys of 3 organisations',
    );
  });

  it('half of the members are no quorum to rely on', async () => {
    const report = await judge(allianceLedger({ quorum: 2 }));
    expect(outcomeOf(report, 'C-08')).toMatch(/^failed: 2 of 4/);
    expect(report.verdict).toBe('alliance chain');
    expect(report.reasons.join()).toMatch(/C-08 failed/);
  });
});

describe('C-07 the quorum is present', () => {
  it('fails where too few cosigned', async () => {
    const ledger = allianceLedger();
    const notes = [noteBy(ledger, { cosigners: FOUR.slice(0, 2) })];
    const report = await judge(ledger, { memory: { notes } });
    expect(outcomeOf(report, 'C-07')).toMatch(
      /^failed: fewer cosigned than your policy and the charter/,
    );
    expect(report.verdict).toBe('pseudo-chain');
  });

  it('a policy that asks for less does not lower what the charter asks', async () => {
    const ledger = allianceLedger();
    const notes = [noteBy(ledger, { cosigners: [] })];
    const policy = { ...ledger.policy, quorum: 'none' };
    const report = await judge(ledger, { memory: { notes }, policy });
    expect(outcomeOf(report, 'C-07')).toMatch(/^failed: fewer cosigned than the charter/);
  });
});

describe('C-09 numbers', () => {
  it('fails where every entry is shown and one number is not among them', async () => {
    const ledger = allianceLedger();
    ledger.members[1]!.member.seq += 1;
    announce(ledger, 1, endpointOf('bolt'));
    expect(outcomeOf(await judge(ledger, { memory: OPEN }), 'C-09')).toMatch(
      /^failed: numbers are missing/,
    );
    const closed = await judge(ledger);
    expect(outcomeOf(closed, 'C-09')).toMatch(/^not seen/);
    expect(closed.criteria.find(({ id }) => id === 'C-09')!.notSeen).toEqual([
      'number 3 of https://bolt.example',
    ]);
  });

  it('fails on a second statement under one number, and on a link elsewhere', async () => {
    const ledger = allianceLedger();
    const { member } = ledger.members[1]!;
    const { seq, prev } = member;
    announce(ledger, 1, endpointOf('bolt'));
    Object.assign(member, { seq, prev });
    announce(ledger, 1, { ...endpointOf('bolt'), publicUrl: null });
    const report = await judge(ledger);
    expect(outcomeOf(report, 'C-09')).toMatch(/^failed: a member’s numbers tell two histories/);
    expect(report.verdict).toBe('pseudo-chain');
    const linked = allianceLedger();
    linked.members[1]!.member.prev = new Uint8Array(32).fill(1);
    announce(linked, 1, endpointOf('bolt'));
    expect(outcomeOf(await judge(linked), 'C-09')).toMatch(/^failed/);
  });
});

describe('C-10 somebody answers', () => {
  it('fails where a firm stands in the person’s place', async () => {
    const responsible = { name: 'Acme', organisation: 'ACME', contact: 'mailto:a@acme.example' };
    const report = await judge(allianceLedger({ terms: { responsible } }));
    expect(outcomeOf(report, 'C-10')).toBe(
      'failed: no person is named who answers for the charter',
    );
    expect(report.verdict).toBe('alliance chain');
  });

  const RULE = rule(
    { kind: 'range', quantity: 'air temperature', unit: 'Cel', min: 2, max: 8 },
    { examples: [example('kept', 4), example('broken', 9)] },
  );

  it('names the person behind each rule in force', async () => {
    const ledger = allianceLedger();
    decide(ledger, { by: 0, change: { kind: 'rule', rule: RULE }, epoch: 0, approvers: [1, 3] });
    const report = await judge(ledger);
    expect(outcomeOf(report, 'C-10')).toMatch(/^passed: .* each of 1 rules in force/);
    const { evidence } = report.criteria.find(({ id }) => id === 'C-10')!;
    expect(evidence[1]).toMatch(/^rule cold@1: R. Lee, Mill, mailto:lee@mill.example; approved by/);
  });

  it('fails where a rule has a firm for a person, or statements were judged by no rule', async () => {
    const ledger = allianceLedger();
    const firm = { ...RULE, responsible: { ...RULE.responsible, name: 'Mill' } };
    decide(ledger, { by: 0, change: { kind: 'rule', rule: firm }, epoch: 0, approvers: [1, 3] });
    expect(outcomeOf(await judge(ledger), 'C-10')).toBe(
      'failed: no person is named who answers for rule cold@1',
    );
    const lawless = allianceLedger();
    const device = lawless.device('2');
    lawless.register(device);
    const { bytes } = lawless.readings(device, [9]);
    lawless.append(bytes);
    const body = encodeBatch({
      count: 1,
      batchRoot: rootOf([leafHash(bytes)]),
      judgedAt: lawless.size - 1,
      logTimeMs: lawless.tick(),
      grades: encodeGrades([PLAIN_GRADE]),
      refusals: [],
      edition: 1,
      rulings: [{ id: statementOf(bytes).id, rule: 'whim', version: 1 }],
    });
    const { gateway, iss } = lawless.members[0]!;
    const payload = inline(MEDIA_BATCH, body);
    lawless.append(lawless.sign(gateway, iss, lawless.charter.ledgerName, payload).bytes);
    expect(outcomeOf(await judge(lawless, { memory: OPEN }), 'C-10')).toMatch(
      /^failed: .* rule whim@1, by which statements were judged/,
    );
  });
});

describe('orders of a supervisor', () => {
  const order = (ledger: SampleLedger, by: number) =>
    ledger.govern(
      MEDIA_ORDER,
      encodeOrder({
        logTimeMs: ledger.tick(),
        target: { kind: 'device', id: DEVICE },
        action: 'suspend',
        legalBasis: 'Act, § 1',
        text: 'Suspended.',
        official: { name: 'B. Officer', organisation: 'Board', contact: 'mailto:b@board.example' },
      }),
      undefined,
      by,
    );

  /** A regulator of one sector, whose profile is in force. */
  function foodLedger(): SampleLedger {
    const ledger = allianceLedger({ terms: { law: sectorLaw('food') } });
    decide(ledger, { by: 0, change: { kind: 'profile', profile: FOOD }, epoch: 0, approvers: [] });
    return ledger;
  }

  /** Its public sees who ordered what, and not which sector the device is in. */
  it('one about a device is judged by its sector where every entry is shown', async () => {
    const ledger = foodLedger();
    const binding = { logTimeMs: ledger.tick(), device: DEVICE, profile: 'food' };
    ledger.govern(MEDIA_PROFILE_BINDING, encodeProfileBinding(binding), DEVICE);
    order(ledger, 3);
    for (const memory of [{}, OPEN]) {
      const report = await judge(ledger, { memory });
      expect(outcomeOf(report, 'C-05')).toMatch(/^passed/);
      expect(report.verdict).toBe('alliance chain');
    }
  });

  it('one outside the sector breaks the ledger where every entry is shown', async () => {
    const ledger = foodLedger();
    order(ledger, 3);
    expect((await judge(ledger)).verdict).toBe('alliance chain');
    const open = await judge(ledger, { memory: OPEN });
    expect(outcomeOf(open, 'C-05')).toMatch(/^failed/);
    expect(open.criteria.find(({ id }) => id === 'C-05')!.evidence.join()).toContain(
      'not_empowered',
    );
    expect(open.verdict).toBe('pseudo-chain');
  });

  it('one by a participant breaks the ledger, whatever is hidden', async () => {
    const ledger = allianceLedger();
    order(ledger, 1);
    const report = await judge(ledger);
    expect(outcomeOf(report, 'C-05')).toMatch(/^failed/);
    expect(report.verdict).toBe('pseudo-chain');
  });
});

describe('C-11 nothing undigitized', () => {
  it('fails on a simulated sensor that is graded as an instrument', async () => {
    const ledger = allianceLedger({ hasFacts: false });
    const device = ledger.device('1');
    ledger.register(device, { sensors: [{ ...SENSOR, interface: 'simulated' }] });
    ledger.batch([ledger.readings(device, [4.1])]);
    const report = await judge(ledger, { memory: OPEN });
    expect(outcomeOf(report, 'C-11')).toMatch(/^failed: 1 of 1 facts/);
    expect(report.criteria.find(({ id }) => id === 'C-11')!.evidence[0]).toMatch(
      /simulates or replays/,
    );
    expect(report.verdict).toBe('pseudo-chain');
  });

  it('fails on a bus reading graded as if signed in the sensor', async () => {
    const ledger = allianceLedger({ hasFacts: false });
    const device = ledger.device('1');
    ledger.register(device);
    ledger.batch([ledger.readings(device, [4.1])], { grades: [{ ...PLAIN_GRADE, origin: 4 }] });
    const report = await judge(ledger, { memory: OPEN });
    expect(outcomeOf(report, 'C-11')).toMatch(/^failed/);
  });

  it('fails on a device that nobody registered, and on a batch of governance', async () => {
    const ledger = allianceLedger({ hasFacts: false });
    ledger.batch([ledger.readings(ledger.device('ghost'), [4.1])]);
    const report = await judge(ledger, { memory: OPEN });
    expect(outcomeOf(report, 'C-11')).toMatch(/^failed/);
    const other = allianceLedger({ hasFacts: false });
    const { gateway, iss } = other.members[0]!;
    const body = encodeBatch({
      count: 1,
      batchRoot: rootOf([leafHash(other.entries.at(-1)!)]),
      judgedAt: other.size - 1,
      logTimeMs: other.tick(),
      grades: encodeGrades([PLAIN_GRADE]),
      refusals: [],
      edition: null,
      rulings: [],
    });
    const payload = inline(MEDIA_BATCH, body);
    other.append(other.sign(gateway, iss, other.charter.ledgerName, payload).bytes);
    const found = await judge(other, { memory: OPEN });
    expect(found.criteria.find(({ id }) => id === 'C-11')!.evidence[0]).toMatch(
      /no statement of a device/,
    );
  });

  it('lets a simulated sensor stand that is graded as what it is', async () => {
    const ledger = allianceLedger({ hasFacts: false });
    const device = ledger.device('1');
    ledger.register(device, { sensors: [{ ...SENSOR, interface: 'simulated' }] });
    ledger.batch([ledger.readings(device, [4.1])], { grades: [{ ...PLAIN_GRADE, origin: 0 }] });
    expect(outcomeOf(await judge(ledger, { memory: OPEN }), 'C-11')).toMatch(/^passed/);
  });
});

describe('C-12 every member shows the ledger', () => {
  it('a member that is silent was not seen, and is named', async () => {
    const ledger = allianceLedger();
    const url = endpointOf('bolt').publicUrl!;
    const silent = new MemorySource(ledger, { notes: [''] }, url);
    const report = await judge(ledger, { places: { ...placesOf(ledger), [url]: silent } });
    expect(outcomeOf(report, 'C-12')).toBe('not seen: 1 of 4 places could not be compared');
    expect(report.criteria.find(({ id }) => id === 'C-12')!.notSeen).toEqual([
      'bolt: nobody answers',
    ]);
    expect(report.verdict).toBe('alliance chain');
  });

  it('fails where a member shows something else', async () => {
    const ledger = allianceLedger();
    const url = endpointOf('bolt').publicUrl!;
    const other = allianceLedger({ terms: { text: 'Another charter.' } });
    for (const source of [
      new MemorySource(other, {}, url),
      new MemorySource(ledger, { notes: ['hello'] }, url),
    ]) {
      const report = await judge(ledger, { places: { ...placesOf(ledger), [url]: source } });
      expect(outcomeOf(report, 'C-12')).toBe('failed: answers, but not with this ledger: bolt');
    }
  });

  it('a member that answers without a checkpoint does not keep the books', async () => {
    const ledger = allianceLedger();
    const url = endpointOf('bolt').publicUrl!;
    const empty = new MemorySource(ledger, {}, url);
    empty.checkpoint = async () => unseen('absent', '/log/checkpoint is not there (404)');
    const report = await judge(ledger, { places: { ...placesOf(ledger), [url]: empty } });
    expect(outcomeOf(report, 'C-12')).toMatch(/^failed/);
  });

  it('asks further places that the user names, and nobody where he wants nobody asked', async () => {
    const ledger = allianceLedger();
    const places = placesOf(ledger);
    const [known] = Object.values(places);
    const more = { ...places, 'https://mirror.example': known! };
    const report = await judge(ledger, { places: more, peers: ['https://mirror.example'] });
    expect(outcomeOf(report, 'C-12')).toBe('passed: all 5 places show the same history');
    const alone = await judge(ledger, { asksMembers: false });
    expect(outcomeOf(alone, 'C-12')).toBe('not seen: 4 of 4 places could not be compared');
  });
});

describe('C-13 answers in time', () => {
  const timed = (delayMs: number) => [
    {
      name: 'GET /slow',
      read: async () => {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        return seen(1);
      },
    },
  ];

  it('fails above a second, and on answers that do not come', async () => {
    const ledger = allianceLedger();
    const source = Object.assign(new MemorySource(ledger), { timed: timed(1_010) });
    const report = await judge(ledger, { source, rounds: 1 });
    expect(outcomeOf(report, 'C-13')).toMatch(
      /^failed: p95 of the slowest public answer is 1\d{3}/,
    );
    let asked = 0;
    const read = async () => {
      asked += 1;
      return asked % 2 === 0 ? seen(1) : unseen('unreachable', 'gone');
    };
    const lossy = Object.assign(new MemorySource(ledger), {
      timed: [{ name: 'GET /lossy', read }],
    });
    const other = await judge(ledger, { source: lossy, rounds: 4 });
    expect(outcomeOf(other, 'C-13')).toMatch(/^failed/);
    expect(other.timings).toMatchObject([{ name: 'GET /lossy', count: 2, failed: 2 }]);
    expect(other.verdict).toBe('alliance chain');
  });
});

describe('C-14 filed', () => {
  const file = (ledger: SampleLedger, status: 'in force' | 'ended') => {
    const bytes = encodeFiling({
      logTimeMs: ledger.tick(),
      service: 'Rice ledger',
      authority: 'CAC Hubei',
      number: 'EX-2026-0001',
      filedMs: T0_MS,
      url: null,
      responsible: { name: 'R. Lee', organisation: 'Mill', contact: 'mailto:lee@mill.example' },
      status,
    });
    ledger.govern(MEDIA_FILING, bytes);
  };

  it('holds while a number is in force, and not after', async () => {
    const ledger = allianceLedger();
    file(ledger, 'in force');
    expect(outcomeOf(await judge(ledger), 'C-14')).toBe('passed: filing number EX-2026-0001');
    file(ledger, 'ended');
    expect(outcomeOf(await judge(ledger), 'C-14')).toMatch(/^failed/);
  });
});

describe('C-14 to C-17', () => {
  it('a ledger without a filing, a supervisor, a fourth voter or a fact fails in each, and stays what it is', async () => {
    const names = ['acme', 'bolt', 'cargo'];
    const records = { cargo: { kind: 'participant' as const } };
    const ledger = allianceLedger({ names, quorum: 2, records, hasFacts: false });
    const report = await judge(ledger, { memory: OPEN });
    for (const id of ['C-14', 'C-15', 'C-16', 'C-17']) {
      expect(outcomeOf(report, id)).toMatch(/^failed/);
    }
    expect(report.verdict).toBe('alliance chain');
    expect(report.reasons.join()).toMatch(/C-15 failed/);
  });

  it('payloads that nobody folds are no facts', async () => {
    const report = await judge(
      allianceLedger({ terms: { inlineContentTypes: ['application/x-coin'] } }),
      { memory: OPEN },
    );
    expect(outcomeOf(report, 'C-17')).toMatch(/^failed: .*application\/x-coin/);
  });
});

function example(verdict: 'kept' | 'broken', value: number): RuleExample {
  const reading = { sensor: 'temp', quantity: 'air temperature', unit: 'Cel', atS: 0, value };
  return { text: `${value} °C`, verdict, readings: [reading], context: null };
}

const DEVICE = 'urn:dev:ops:32473-tg1-1';

const FOOD: Profile = {
  id: 'food',
  version: 1,
  title: 'Food',
  text: 'Food in transit.',
  legalBasis: ['Act, § 2'],
  retentionDays: 730,
  metrology: [],
  rules: [],
};

/** A charter whose regulator supervises one sector alone. */
function sectorLaw(sector: string): LawTerms {
  return {
    memberKinds: ['participant', 'regulator'],
    conditions: [],
    profiles: [sector],
    deadlock: 'The members talk.',
    supervisors: [
      { member: 'https://duty.example', sectors: [sector], powers: ['suspend-device'] },
    ],
    laboratories: [],
    examinationDays: 30,
  };
}

const SENSOR = {
  name: 'temp',
  quantity: 'air temperature',
  unit: 'Cel',
  min: -40,
  max: 85,
  resolution: 0.1,
  interface: 'modbus-rtu' as const,
  calibration: null,
};
