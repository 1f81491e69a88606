import type { Ruling } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import type { Rule, RuleExample } from '@truegrain/device-sdk/formats/rule.js';
import { type CheckRegistry, checkFrame } from '../../../gateway/admit/check.ts';
import { expectedGrade } from '../../../gateway/ledger/apply-batch.ts';
import { editionOf } from '../../../gateway/ledger/batch-law.ts';
import { Judge } from '../../../gateway/ledger/judge.ts';
import { sealBatch } from '../../../gateway/ledger/seal-batch.ts';
import { MEMBER_ISS, type SignedFrame, type SoloRig } from '../../support/solo-ledger.ts';

function example(verdict: 'kept' | 'broken', value: number): RuleExample {
  const of = { sensor: 't', quantity: 'air temperature', unit: 'Cel', atS: 0 };
  return { text: `${value}`, verdict, readings: [{ ...of, value }], context: null };
}

/** A rule that keeps 4 and breaks at 99 comes into force, by the one member there is. */
export async function enact(rig: SoloRig, rule: Rule): Promise<void> {
  const examples = [example('kept', 4), example('broken', 99)];
  const change = { kind: 'rule' as const, rule: { ...rule, examples } };
  const outcome = await rig.desk.propose({ change, reason: 'agreed', epoch: null });
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
}

/** A batch that says what it is told to about the rules; the leaf of its first statement. */
export function attest(
  rig: SoloRig,
  frames: readonly SignedFrame[],
  broken: readonly { readonly frame: SignedFrame; readonly rule: string }[] = [],
  /** Size of the log as the gateway knew it. */
  judgedAt = rig.ledger.state.size,
): number {
  const { state, store } = rig.ledger;
  const logTimeMs = Math.max(rig.nowMs, state.logTimeMs);
  const judge = new Judge(state, store.history, logTimeMs);
  const registry = registryOf(rig);
  const accepted = frames.map(({ frame }) => {
    const checked = checkFrame(frame, registry);
    if (!checked.authentic || checked.verdict.code !== null) throw new Error('not acceptable');
    const { facts, content } = checked;
    const verdict = judge.judge(facts);
    if (verdict.kind !== 'accept') throw new Error(verdict.kind);
    const forecast = { verdict, logTimeMs, claimed: 0, edition: editionOf(state) };
    return { facts, content, grade: expectedGrade(state, judge, facts, forecast) };
  });
  const facts = accepted.map((one) => one.facts);
  const root = rootOf(facts.map(({ leafHash }) => leafHash));
  const rulings = broken.map(({ frame, rule }): Ruling => ({ id: frame.id, rule, version: 1 }));
  const gateway = { signer: rig.signers.gateway, iss: MEMBER_ISS };
  const contents = { accepted, root, refusals: [], logTimeMs, rulings };
  const batch = sealBatch({ ...state, size: judgedAt }, gateway, contents);
  const firstLeaf = state.size;
  const applied = rig.ledger.commitBatch(
    { facts, factsRoot: root, batch },
    { contents: accepted.map(({ content }) => content), refused: [] },
  );
  if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
  return firstLeaf;
}

function registryOf({ ledger, ledgerId }: SoloRig): CheckRegistry {
  const registry: CheckRegistry = { ledgerId, keys: new Map() };
  for (const { no, kid, key, iss, role } of ledger.state.keys) {
    const device = ledger.state.devices.get(iss);
    if (role !== 'device' || !device) continue;
    registry.keys.set(toHex(kid), { no, key, iss, sensors: sensorTable(device.sensors) });
  }
  return registry;
}
