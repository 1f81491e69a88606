import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OFFICIAL, PROFILE, RESPONSIBLE, RULE } from './charter.ts';
import type { LawMember } from './member.ts';
import { LawTruck } from './truck.ts';

export interface Breach {
  readonly statementId: string;
  readonly device: string | null;
  readonly rule: string;
  readonly version: number;
  readonly title: string;
  readonly responsible: { readonly name: string; readonly organisation: string };
  readonly attestedBy: string;
}

/** What the play showed, for who watches and for who checks. */
export interface PlayOutcome {
  readonly breach: Breach;
  /** The same at every member. */
  readonly breachesSeen: readonly number[];
  /** Of the truck's frame while it was suspended, and of the same frame afterwards. */
  readonly suspended: string;
  readonly reinstated: string;
  /** Of a reading that the amended rule does not mind. */
  readonly afterAmendment: { readonly outcome: string; readonly breaches: number };
  readonly versions: readonly { readonly version: number; readonly status: string }[];
}

export interface Play {
  readonly members: readonly LawMember[];
  readonly folder: string;
  readonly say: (words: string) => void;
}

interface Said {
  readonly id: string;
}
interface RuleShown {
  readonly rule: { readonly version: number; readonly [field: string]: unknown };
  readonly status: string;
}

/** A profile is adopted, a truck breaks it, a regulator acts, and the rule is amended by all. */
export async function playLaw(play: Play): Promise<PlayOutcome> {
  const { members, say } = play;
  const [mill, carrier, , authority] = members;
  if (!mill || !carrier || !authority) throw new Error('the play needs four members');
  say(`mill proposes the profile ${PROFILE}; the others read it, run its examples, and sign`);
  const adopt = ['profile', 'propose', PROFILE, ...RESPONSIBLE];
  await agreed(play, await mill.says<Said>(...adopt, '--reason', 'we ship medicines', '--yes'));
  const truck = await LawTruck.enrolled(carrier);
  try {
    await carrier.says('profile', 'bind', truck.urn, PROFILE, '--yes');
    const breach = await breaks(play, truck);
    const breachesSeen = await Promise.all(
      members.map(async (one) => (await breaches(one)).length),
    );
    const acted = await supervised(play, truck, authority);
    const amended = await amend(play, truck, mill);
    return { breach, breachesSeen, ...acted, ...amended };
  } finally {
    truck.leave();
  }
}

async function breaks({ members, say }: Play, truck: LawTruck): Promise<Breach> {
  const carrier = members[1] as LawMember;
  await truck.send(5);
  const warm = await truck.send(9.4);
  say(`the truck sends 5 °C, then 9.4 °C: accepted (${warm.outcome}), for a breach is evidence`);
  await everywhere(members, async (member) => (await breaches(member)).length > 0);
  const breach = (await breaches(carrier)).find(({ statementId }) => statementId === warm.id);
  if (!breach) throw new Error('the breach is in no batch');
  const { name, organisation } = breach.responsible;
  say(`finding: ${breach.rule}@${breach.version}, "${breach.title}"`);
  say(`  who answers for the rule: ${name}, ${organisation}; attested by ${breach.attestedBy}`);
  return breach;
}

async function supervised(play: Play, truck: LawTruck, authority: LawMember) {
  const { members, say } = play;
  const [, carrier] = members;
  const why = ['--basis', '2013/C 343/01, chapter 9.2', ...OFFICIAL];
  const order = await authority.says<Said>(
    ...['order', 'suspend', 'device', truck.urn, ...why],
    ...['--text', 'Not fit to carry before its cooling is repaired.', '--yes'],
  );
  say(`authority suspends the truck's device, order ${order.id}`);
  await everywhere(members, isOrdered(order.id));
  const kept = await truck.send(5);
  say(`its next frame is answered "${kept.outcome}": not lost, it waits on the device`);
  const grounds = ['--text', 'The cooling was repaired on the day.', '--yes'];
  await carrier?.says('order', 'appeal', order.id, ...grounds);
  const lifted = await authority.says<Said>(
    ...['order', 'reinstate', 'device', truck.urn, ...why],
    ...['--text', 'Repair seen; the appeal is allowed.', '--yes'],
  );
  await everywhere(members, isOrdered(lifted.id));
  const again = await truck.sendAgain(kept.frame);
  say(`carrier appeals, authority reinstates it: the same frame is answered "${again.outcome}"`);
  return { suspended: kept.outcome, reinstated: again.outcome };
}

function isOrdered(id: string): (member: LawMember) => Promise<boolean> {
  return async (member) => {
    const { orders } = await member.get<{ orders: Said[] }>('/v1/law');
    return orders.some((order) => order.id === id);
  };
}

async function amend(play: Play, truck: LawTruck, mill: LawMember) {
  const { members, folder, say } = play;
  const [present] = await mill.says<RuleShown[]>('rule', 'history', RULE);
  if (!present) throw new Error(`${RULE} is not in force`);
  const file = join(folder, 'amended.json');
  writeFileSync(file, JSON.stringify(amendedRule(present.rule), null, 2));
  say('mill proposes version 2: an hour at up to 9.5 °C is within this product’s stability data');
  const reason = ['--reason', 'stability data of the manufacturer', '--yes'];
  await agreed(play, await mill.says<Said>('rule', 'amend', file, ...reason));
  const before = (await breaches(mill)).filter(({ rule }) => rule === RULE).length;
  const { outcome } = await truck.send(9.4);
  await delay(1_000);
  const after = (await breaches(mill)).filter(({ rule }) => rule === RULE).length;
  say(`9.4 °C again: ${outcome}, and no breach of version 2`);
  await everywhere(members, async (member) => (await versionsAt(member)).length === 2);
  const versions = await versionsAt(mill);
  return { afterAmendment: { outcome, breaches: after - before }, versions };
}

async function versionsAt(member: LawMember) {
  const { rules } = await member.get<{ rules: (RuleShown & { rule: { id?: unknown } })[] }>(
    '/v1/law',
  );
  return rules
    .filter(({ rule }) => rule.id === RULE)
    .map(({ rule: { version }, status }) => ({ version, status }));
}

function amendedRule(rule: RuleShown['rule']): object {
  const reading = (value: number) => ({
    sensor: 't1',
    quantity: 'temperature',
    unit: 'Cel',
    atS: 0,
    value,
  });
  return {
    ...rule,
    version: rule.version + 1,
    title: 'Between 2 and 9.5 °C',
    text: 'Any reading below 2 °C or above 9.5 °C is an excursion.',
    fromLeaf: null,
    check: { kind: 'range', quantity: 'temperature', unit: 'Cel', min: 2, max: 9.5 },
    examples: [
      { text: '9.4 °C is within.', verdict: 'kept', readings: [reading(9.4)], context: null },
      { text: '9.6 °C is not.', verdict: 'broken', readings: [reading(9.6)], context: null },
    ],
  };
}

/** Every other member reads it and signs, by the id of the proposal. */
async function agreed({ members, say }: Play, { id }: Said): Promise<void> {
  for (const member of members.slice(1)) {
    await everywhere([member], async () => {
      const { proposals } = await member.get<{ proposals: Said[] }>('/v1/alliance');
      return proposals.some((open) => open.id === id);
    });
    await member.says('rule', 'approve', id, '--yes');
    say(`  ${member.name} has signed`);
  }
  await everywhere(members, async (member) => {
    const { proposals } = await member.get<{ proposals: Said[] }>('/v1/alliance');
    return proposals.every((open) => open.id !== id);
  });
}

async function breaches(member: LawMember): Promise<readonly Breach[]> {
  return (await member.get<{ breaches: Breach[] }>('/v1/law/breaches?limit=1000')).breaches;
}

const PATIENCE_MS = 60_000;
const ASK_EVERY_MS = 200;

async function everywhere(
  members: readonly LawMember[],
  holds: (member: LawMember) => Promise<boolean>,
): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (const member of members) {
    while (!(await holds(member))) {
      if (performance.now() > giveUpMs) throw new Error(`${member.name} does not come to see it`);
      await delay(ASK_EVERY_MS);
    }
  }
}
