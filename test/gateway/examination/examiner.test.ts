import type { LawTerms } from '@truegrain/device-sdk/formats/law-terms.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Examiner, type ExaminerOptions } from '../../../gateway/examination/examiner.ts';
import { lawView } from '../../../gateway/law-view.ts';
import { MemberVoice } from '../../../gateway/member-voice.ts';
import { DAY_MS, DeskRig } from '../../support/desk-rig.ts';
import { SoloRig } from '../../support/solo-ledger.ts';

const NAMES = ['mill', 'carrier', 'shop', 'board'];
const LAW: LawTerms = {
  memberKinds: ['participant', 'regulator'],
  conditions: [],
  profiles: [],
  deadlock: 'The board is asked.',
  supervisors: [],
  laboratories: [],
  examinationDays: 1,
};

let rig: DeskRig;
beforeEach(() => {
  rig = new DeskRig(NAMES, { kinds: { board: 'regulator' }, terms: { law: LAW } });
});
afterEach(() => rig.close());

function examiner(name: string, changes: Partial<ExaminerOptions> = {}): Examiner {
  const { ledger } = rig;
  const voice = new MemberVoice({
    ledger,
    iss: `https://${name}.example`,
    signer: () => rig.member(name).signers.member,
    nowMs: () => rig.nowMs,
    onChanged: () => {},
  });
  return new Examiner({
    voice,
    reads: { store: ledger.store, state: () => ledger.state, nowMs: () => rig.nowMs },
    expiring: () => [],
    clockOffsetMs: () => null,
    ...changes,
  });
}

async function examined(name: string, changes: Partial<ExaminerOptions> = {}) {
  const outcome = await examiner(name, changes).examine();
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
  return reportOf(name);
}

const reportOf = (name: string) =>
  rig.ledger.state.membership!.law.examinations.get(`https://${name}.example`)!;

describe('an examination', () => {
  test('is due once a period is over, in which something was logged after it', async () => {
    expect(examiner('mill').due()).toBe(false);
    rig.nowMs += DAY_MS;
    // The clock alone makes nothing due: log time does.
    expect(examiner('mill').due()).toBe(false);
    await examined('carrier');
    expect(examiner('mill').due()).toBe(true);
    expect((await examined('mill')).size).toBe(4);
    expect(examiner('mill').due()).toBe(false);
  });

  test('of all members is about one size, and honest ones do not differ', async () => {
    rig.nowMs += DAY_MS;
    await examined('carrier');
    rig.nowMs += DAY_MS;
    for (const name of NAMES) await examined(name);
    const [, ...sizes] = NAMES.map((name) => reportOf(name).size);
    expect(sizes).toEqual([5, 5, 5]);
    const { law } = rig.ledger.state.membership!;
    expect(lawView(law, rig.ledger.state.size).differences).toEqual([]);
  });

  test('asked for within a period is about what another reported on, so that they compare', async () => {
    const first = await examined('carrier');
    const second = await examined('mill');
    expect(first.size).toBe(4);
    expect(second.size).toBe(4);
    expect(second.seen).toEqual(first.seen);
  });

  test('of a member that saw something else is a difference', async () => {
    await examined('carrier');
    const { db } = rig.ledger.store;
    db.prepare('INSERT INTO refusal VALUES (?, ?, ?)').run(new Uint8Array(32), 'fork', 1);
    await examined('mill');
    const { law } = rig.ledger.state.membership!;
    expect(lawView(law, rig.ledger.state.size).differences).toEqual([
      {
        size: 4,
        field: 'refusals',
        values: [
          { member: 'https://carrier.example', value: 0 },
          { member: 'https://mill.example', value: 1 },
        ],
      },
    ]);
  });

  test('says what runs out within thirty days, and how far the clock is off', async () => {
    const expiring = () => [
      { role: 'certificate of the door', notAfterMs: rig.nowMs + 29 * DAY_MS },
      { role: 'certificate of the CA', notAfterMs: rig.nowMs + 31 * DAY_MS },
    ];
    const { own } = await examined('mill', { expiring, clockOffsetMs: () => -1_250 });
    const until = new Date(rig.nowMs + 29 * DAY_MS).toISOString();
    expect(own.expiring).toEqual([`certificate of the door: ${until}`]);
    expect(own.clockOffsetMs).toBe(-1_250);
    expect((await examined('shop')).own.clockOffsetMs).toBeNull();
    // A clock that is years off is a day off in the report, whose form has no more.
    const far = await examined('board', { clockOffsetMs: () => 1e12 });
    expect(far.own.clockOffsetMs).toBe(DAY_MS);
  });

  test('counts what it lacks, and who cosigned its checkpoints', async () => {
    const { db } = rig.ledger.store;
    db.prepare('INSERT INTO wanted_content(leaf_index, digest, owner) VALUES (2, ?, ?)').run(
      new Uint8Array(32),
      'https://shop.example',
    );
    const line = (name: string) => `— ${name} ${Buffer.alloc(76, 1).toString('base64')}\n`;
    const note = (size: number, names: string[]) =>
      `ledger.example/rice\n${size}\n${Buffer.alloc(32).toString('base64')}\n\n${names.map(line).join('')}`;
    const put = db.prepare('INSERT INTO checkpoint VALUES (?, ?)');
    put.run(3, note(3, ['ledger.example/rice', 'mill.example/witness', 'shop.example/witness']));
    put.run(4, note(4, ['shop.example/witness', 'board.example/witness', 'stranger.example/w']));
    const { own } = await examined('mill');
    expect(own).toMatchObject({ unheld: 1, anchored: 2 });
    expect(own.cosigned).toEqual([
      { iss: 'https://carrier.example', count: 0 },
      { iss: 'https://shop.example', count: 2 },
      { iss: 'https://board.example', count: 1 },
    ]);
  });
});

test('a ledger without such a term is never due, and examines itself when asked', async () => {
  const solo = new SoloRig();
  try {
    const own = { expiring: () => [], clockOffsetMs: () => null };
    const one = new Examiner({ voice: solo.voice, reads: solo.context, ...own });
    solo.nowMs += 400 * DAY_MS;
    await solo.enrol('truck');
    expect(one.due()).toBe(false);
    expect(await one.examine()).toMatchObject({
      ok: true,
      value: { lines: ['leaf 2', 'examined 2 leaves'] },
    });
    solo.expectSound();
  } finally {
    solo.close();
  }
});
