import { type Batch, parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Admission, AdmissionHooks } from '../../gateway/admit/admission.ts';
import type { CheckRegistry } from '../../gateway/admit/check.ts';
import { Intake } from '../../gateway/admit/intake.ts';
import type { Outcome } from '../../gateway/admit/outcome.ts';
import type { SoloLedger } from '../../gateway/ledger/solo.ts';
import { roundLawOf } from './round-law.ts';
import { MEMBER_ISS, SoloRig } from './solo-ledger.ts';

/** What a checking thread of this ledger's gateway knows. */
export function registryOf({ ledger, ledgerId }: SoloRig): CheckRegistry {
  const keys: CheckRegistry['keys'] = new Map();
  for (const { no, kid, key, iss, role } of ledger.state.keys) {
    const device = ledger.state.devices.get(iss);
    if (role !== 'device' || !device) continue;
    keys.set(toHex(kid), { no, key, iss, sensors: sensorTable(device.sensors) });
  }
  return { ledgerId, keys };
}

/** For a pipeline over this rig's ledger, or one reopened from its store. */
export function soloAdmission(rig: SoloRig, ledger: SoloLedger) {
  return (hooks: AdmissionHooks): Admission =>
    new Intake({
      ...hooks,
      ledger,
      gateway: { signer: rig.signers.gateway, iss: MEMBER_ISS },
      nowMs: () => rig.nowMs,
      lingerMs: 5,
      threads: 1,
    });
}

/** A ledger with the real way into it: threads, groups, commits. */
export class IntakeRig extends SoloRig {
  readonly troubles: string[] = [];
  readonly garbage: RefusalCode[] = [];
  readonly settled: Outcome[] = [];
  intake!: Intake;

  open(options: { threads?: number; lingerMs?: number } = {}): void {
    this.intake = new Intake({
      ledger: this.ledger,
      gateway: { signer: this.signers.gateway, iss: MEMBER_ISS },
      nowMs: () => this.nowMs,
      lingerMs: options.lingerMs ?? 5,
      threads: options.threads ?? 1,
      law: roundLawOf(this.ledger),
      onCommitted: () => {},
      onTrouble: (error) => this.troubles.push(error.message),
      onGarbage: (code) => this.garbage.push(code),
      onFailure: (error) => {
        throw error;
      },
    });
    this.intake.pool.setLedger(this.ledgerId);
    for (const [kid, key] of registryOf(this).keys) this.intake.pool.setKey(kid, key);
  }

  send(frame: Uint8Array, device: string | null = null): Promise<Outcome> {
    return new Promise((resolve) => {
      this.intake.submit(frame, device, (outcome) => {
        this.settled.push(outcome);
        resolve(outcome);
      });
    });
  }

  sendAll(frames: readonly { frame: Uint8Array }[], device?: string): Promise<Outcome[]> {
    return Promise.all(frames.map(({ frame }) => this.send(frame, device)));
  }

  /** Every batch in the log, with the bytes of its block. */
  batches(): (Batch & { leafIndex: number; bytes: number })[] {
    const { store, state } = this.ledger;
    const entries = store.leaves.entries(0, state.size);
    return entries.flatMap((entry, leafIndex) => {
      const statement = parseStatement(entry);
      const body = statement.ok ? parseBatch(statement.value.payloadBytes) : null;
      if (!body?.ok) return [];
      const block = entries.slice(leafIndex - body.value.count, leafIndex + 1);
      const bytes = block.reduce((sum, each) => sum + each.length, 0);
      return [{ ...body.value, leafIndex, bytes }];
    });
  }

  /** No page more than the file has: SQLITE_FULL at the next growth, until `room` is given. */
  fillDisk(room = 0): void {
    const { db } = this.ledger.store;
    db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + room}`);
  }

  freeDisk(): void {
    this.ledger.store.db.pragma('max_page_count = 1000000');
  }

  async end(): Promise<void> {
    await this.intake?.close();
    this.close();
  }
}
