import { expect, vi } from 'vitest';
import type { LedgerBackend } from '../../gateway/backend.ts';
import type { EpcisDesk } from '../../gateway/epcis/epcis-desk.ts';
import type { SoloLedger } from '../../gateway/ledger/solo.ts';
import type { KeyRecord } from '../../gateway/ledger/state.ts';
import { MemberVoice } from '../../gateway/member-voice.ts';
import { openBackend } from '../../gateway/open-backend.ts';
import { Pipeline } from '../../gateway/pipeline.ts';
import { soloAdmission } from './intake-rig.ts';

import { MEMBER_ISS, SoloRig } from './solo-ledger.ts';

/** A solo gateway's way of events: capture, admission, ledger, index. */
export class CaptureRig extends SoloRig {
  pipeline!: Pipeline;
  backend!: LedgerBackend;
  epcis!: EpcisDesk;
  readonly undo: (() => unknown)[] = [];
  readonly failures: string[] = [];

  /** As a gateway starts: what an earlier run promised goes on. */
  open(ledger: SoloLedger = this.ledger): void {
    this.pipeline = new Pipeline({
      ledger,
      signers: this.signers,
      iss: MEMBER_ISS,
      cosignerName: 'ledger.example/rice/witness',
      tipFiles: [this.folder.signedTip],
      openAdmission: soloAdmission(this, ledger),
      anchorIntervalMs: 5,
      nowMs: () => this.nowMs,
      downlinks: { isListening: () => false, publishDown: () => {} },
      onTrouble: (error) => this.failures.push(error.message),
      onRuleTrouble: (_rule, detail) => this.failures.push(detail),
      onFailure: (error) => {
        throw error;
      },
    });
    this.pipeline.start();
    const { pipeline } = this;
    const onChanged = (keys: readonly KeyRecord[]) => pipeline.keysChanged(keys);
    this.backend = openBackend({
      ledger,
      pipeline,
      local: this.local,
      voice: new MemberVoice({
        ledger,
        iss: MEMBER_ISS,
        signer: () => this.signers.member,
        nowMs: () => this.nowMs,
        onChanged,
      }),
      folder: this.folder,
      log: { error: (_facts: object, text: string) => this.failures.push(text) } as never,
      undo: this.undo,
      mqttUrl: 'mqtt://gateway.example:1883',
      nowMs: () => this.nowMs,
      presentMs: () => this.nowMs,
      onChanged,
    });
    this.epcis = this.backend.epcis as EpcisDesk;
  }

  /** What was captured is under a checkpoint. */
  async anchored(): Promise<void> {
    await vi.waitFor(() => expect(this.pipeline.anchor.newest?.size).toBe(this.ledger.state.size), {
      timeout: 60_000,
    });
  }

  /** What runs beside the pipeline ends, then the pipeline. */
  async stop(): Promise<void> {
    for (const end of this.undo.splice(0)) await end();
    await this.pipeline.close();
  }

  /** Nothing is being done any more. */
  async end(): Promise<void> {
    await this.stop();
    this.close();
  }
}

export const EPCIS_CONTEXT = ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'];

/** `changes` to the event that the tests begin with; its id comes of what it says. */
export function sampleEvent(changes: Record<string, unknown> = {}) {
  return {
    type: 'ObjectEvent',
    eventTime: '2026-11-02T07:30:00.000Z',
    eventTimeZoneOffset: '+08:00',
    epcList: ['urn:epc:id:sgtin:0614141.107346.2017'],
    action: 'OBSERVE',
    bizStep: 'shipping',
    disposition: 'in_transit',
    readPoint: { id: 'urn:epc:id:sgln:0614141.07346.1234' },
    ...changes,
  };
}

/** As POST /events takes it. */
export function bareEvent(changes: Record<string, unknown> = {}) {
  return { '@context': EPCIS_CONTEXT, ...sampleEvent(changes) };
}

export function sampleDocument(events: readonly unknown[]) {
  return {
    '@context': EPCIS_CONTEXT,
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: '2026-11-02T08:00:00.000Z',
    epcisBody: { eventList: events },
  };
}
