import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { type Downlink, parseDownlink } from '@truegrain/device-sdk/formats/downlink.js';
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { parseNote } from '@truegrain/device-sdk/formats/note.js';
import { verifyReceipt } from '@truegrain/device-sdk/formats/receipt.js';
import { verifySignature } from '@truegrain/device-sdk/formats/signature.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SoloLedger } from '../../gateway/ledger/solo.ts';
import { Pipeline, SignedTipError } from '../../gateway/pipeline.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { soloAdmission } from '../support/intake-rig.ts';
import { MEMBER_ISS, SoloRig, type TestDevice } from '../support/solo-ledger.ts';

class PipelineRig extends SoloRig {
  readonly down: { device: string; message: Downlink }[] = [];
  readonly events: string[] = [];
  readonly troubles: string[] = [];
  readonly listening = new Set<string>();

  newPipeline(ledger: SoloLedger = this.ledger, anchorIntervalMs = 20): Pipeline {
    return new Pipeline({
      ledger,
      signers: this.signers,
      iss: MEMBER_ISS,
      cosignerName: 'ledger.example/rice/witness',
      tipFiles: [this.folder.signedTip],
      openAdmission: soloAdmission(this, ledger),
      anchorIntervalMs,
      nowMs: () => this.nowMs,
      downlinks: {
        isListening: (device) => this.listening.has(device),
        publishDown: (device, payload) => {
          const message = parseDownlink(payload);
          if (!message.ok) throw new Error(message.code);
          this.down.push({ device, message: message.value });
          this.events.push(message.value.kind);
        },
      },
      onTrouble: (error) => this.troubles.push(error.message),
      onRuleTrouble: (_rule, detail) => this.troubles.push(detail),
      onFailure: (error) => {
        throw error;
      },
    });
  }

  async device1(): Promise<TestDevice> {
    const device = await this.enrol('a');
    this.listening.add(device.urn);
    return device;
  }

  publish(device: TestDevice, frame: Uint8Array): void {
    pipeline.deviceFrame(device.urn, frame, () => this.events.push('puback'));
  }

  async got<K extends Downlink['kind']>(
    kind: K,
    count = 1,
  ): Promise<Extract<Downlink, { kind: K }>[]> {
    const all = () => this.down.map(({ message }) => message).filter((m) => m.kind === kind);
    await vi.waitFor(() => expect(all().length).toBeGreaterThanOrEqual(count), { timeout: 20_000 });
    return all() as Extract<Downlink, { kind: K }>[];
  }
}

let rig: PipelineRig;
let pipeline: Pipeline;
beforeEach(() => {
  rig = new PipelineRig();
});
afterEach(async () => {
  rig.ledger.store.db.pragma('max_page_count = 1000000');
  await pipeline?.close();
  rig.close();
});

/** The receipt as a stranger checks it: log key, entry, and a checkpoint of the stated size. */
function expectReceipt(receipt: Uint8Array, entry: Uint8Array): number {
  const { key } = rig.signers.log;
  const verdict = verifyReceipt({ receipt, entry, key });
  if (!verdict.ok) throw new Error(`${verdict.code}: ${verdict.detail}`);
  const { root, size, index, iss, sub } = verdict.value;
  expect(iss).toBe(`https://${rig.origin}`);
  const statement = parseStatement(entry);
  expect(statement).toMatchObject({ ok: true, value: { sub } });
  const stored = rig.ledger.store.db.prepare('SELECT note FROM checkpoint WHERE size = ?').pluck();
  const note = parseNote(stored.get(size) as string);
  const body = note.ok ? parseCheckpointBody(note.value.text) : note;
  if (!body.ok) throw new Error(body.code);
  expect(toHex(body.value.root)).toBe(toHex(root));
  expect(size).toBeGreaterThan(index);
  return index;
}

function entryOf(frame: Uint8Array): Uint8Array {
  const parts = parseFrame(frame);
  if (!parts.ok) throw new Error(parts.code);
  return parts.value.statement;
}

describe('from a frame to its receipt', () => {
  test('puback after COMMIT, accepted, then a receipt that verifies', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline();
    pipeline.start();
    const sent = [1, 2, 3].map((value) => rig.temperatures(device, rig.nowMs - 1_000, [value]));
    for (const { frame } of sent) rig.publish(device, frame);
    const receipts = await rig.got('receipt', 3);
    expect(rig.events.slice(0, 2)).toEqual(['puback', 'accepted']);
    for (const { id, receipt } of receipts) {
      const own = sent.find((each) => toHex(each.id) === toHex(id));
      expectReceipt(receipt, entryOf(own!.frame));
    }
    rig.expectSound();
  });

  test('a refusal comes with a batch that lists it and the receipt of that batch', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline();
    pipeline.start();
    const sent = rig.temperatures(device, rig.nowMs - 1_000, [99]);
    rig.publish(device, sent.frame);
    const [refused] = await rig.got('refused');
    expect(refused).toMatchObject({ code: 'range', id: sent.id });
    const { statement, receipt } = refused!.batch!;
    expectReceipt(receipt, statement);
    const parsed = parseStatement(statement);
    if (!parsed.ok) throw new Error(parsed.code);
    const { alg, toBeSigned: message, signature, payloadBytes } = parsed.value;
    const { key } = rig.signers.gateway;
    expect(verifySignature({ alg, key, message, signature })).toBe(true);
    const body = parseBatch(payloadBytes);
    if (!body.ok) throw new Error(body.code);
    expect(body.value.refusals).toMatchObject([{ id: sent.id, code: 'range' }]);
  });

  test('what can not be listed is answered without evidence and kept as a sample', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline();
    pipeline.start();
    const { size } = rig.ledger.state;
    const stranger = rig.device('stranger');
    rig.publish(device, rig.temperatures(stranger, rig.nowMs - 1_000, [4]).frame);
    rig.publish(device, new Uint8Array(300).fill(7));
    expect(await rig.got('refused')).toMatchObject([{ code: 'unknown_key', batch: null }]);
    await vi.waitFor(() => expect(pipeline.garbage.samples()).toHaveLength(2));
    expect(rig.events.filter((event) => event === 'puback')).toHaveLength(2);
    expect(rig.ledger.state.size).toBe(size);
  });

  test('no receipt before the checkpoint, one for all afterwards', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline(rig.ledger, 60_000);
    pipeline.start();
    const anchored = pipeline.anchor.newest!.size;
    rig.publish(device, rig.temperatures(device, rig.nowMs - 1_000, [4]).frame);
    await rig.got('accepted');
    expect(pipeline.anchor.newest!.size).toBe(anchored);
    expect(rig.events).not.toContain('receipt');
    expect(pipeline.unanchoredSinceMs()).toBe(rig.nowMs);
    // A gateway that ends anchors and answers what it has.
    await pipeline.close();
    expect(rig.events).toContain('receipt');
    expect(pipeline.anchor.newest!.size).toBe(rig.ledger.state.size);
  });

  test('a clock set back does not put off the next checkpoint', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline();
    rig.nowMs += 86_400_000;
    pipeline.start();
    rig.publish(device, rig.temperatures(device, rig.nowMs - 1_000, [4]).frame);
    await rig.got('receipt');
    rig.nowMs -= 86_400_000;
    rig.publish(device, rig.temperatures(device, rig.nowMs - 1_000, [4]).frame);
    await rig.got('receipt', 2);
    const times = rig.ledger.store.db.prepare('SELECT max(log_time_ms) FROM stream').pluck();
    expect(times.get()).toBe(rig.nowMs + 86_400_000);
  });
});

describe('after a restart', () => {
  test('a frame that comes again is a duplicate with the first one’s receipt', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline();
    pipeline.start();
    const sent = rig.temperatures(device, rig.nowMs - 1_000, [4]);
    const bad = rig.temperatures(device, rig.nowMs - 1_000, [99]);
    rig.listening.clear();
    rig.publish(device, sent.frame);
    rig.publish(device, bad.frame);
    await vi.waitFor(() => expect(rig.events).toEqual(['puback', 'puback']));
    await pipeline.close();
    expect(rig.down).toEqual([]);
    const size = rig.ledger.state.size;
    const again = new SoloLedger(openDatabase(rig.folder.ledger));
    expect(toHex(again.root())).toBe(toHex(rig.ledger.root()));
    pipeline = rig.newPipeline(again);
    pipeline.start();
    rig.listening.add(device.urn);
    rig.publish(device, sent.frame);
    rig.publish(device, bad.frame);
    const [receipt] = await rig.got('receipt');
    expectReceipt(receipt!.receipt, entryOf(sent.frame));
    const [refused] = await rig.got('refused');
    expectReceipt(refused!.batch!.receipt, refused!.batch!.statement);
    expect(again.state.size).toBe(size);
    await pipeline.close();
    again.store.db.close();
  });

  test('what was committed and not anchored is anchored at once', async () => {
    const device = await rig.device1();
    rig.anchor();
    rig.commit(rig.temperatures(device, rig.nowMs - 1_000, [4]));
    pipeline = rig.newPipeline();
    expect(pipeline.anchor.newest!.size).toBeLessThan(rig.ledger.state.size);
    pipeline.start();
    expect(pipeline.anchor.newest!.size).toBe(rig.ledger.state.size);
  });

  test('behind its signed tip it does not start', async () => {
    const earlier = `${rig.folder.ledger}.earlier`;
    await rig.ledger.store.db.backup(earlier);
    const device = await rig.device1();
    rig.commit(rig.temperatures(device, rig.nowMs - 1_000, [4]));
    rig.anchor();
    const old = new SoloLedger(openDatabase(earlier));
    pipeline = rig.newPipeline(old);
    expect(() => pipeline.start()).toThrow(SignedTipError);
    await pipeline.close();
    old.store.db.close();
  });
});

describe('a full disk while anchoring', () => {
  test('receipts wait, nothing is lost', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline();
    pipeline.start();
    const { anchor } = pipeline;
    const original = anchor.anchor.bind(anchor);
    let failures = 0;
    anchor.anchor = (...args) => {
      failures += 1;
      if (failures < 3) throw new Error('no space left on device');
      return original(...args);
    };
    rig.publish(device, rig.temperatures(device, rig.nowMs - 1_000, [4]).frame);
    await rig.got('receipt');
    expect(failures).toBe(3);
    expect(rig.troubles).toHaveLength(2);
  });

  test('does not keep a closed gateway alive', async () => {
    const device = await rig.device1();
    pipeline = rig.newPipeline(rig.ledger, 60_000);
    pipeline.start();
    rig.publish(device, rig.temperatures(device, rig.nowMs - 1_000, [4]).frame);
    await rig.got('accepted');
    pipeline.anchor.anchor = () => {
      throw new Error('no space left on device');
    };
    vi.useFakeTimers();
    await pipeline.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    expect(rig.troubles).toHaveLength(1);
  });
});
