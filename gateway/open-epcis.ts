import { join } from 'node:path';
import type { DataFolder } from './data-folder.ts';
import { CaptureJobs } from './epcis/capture/capture-jobs.ts';
import { CaptureKey } from './epcis/capture/capture-key.ts';
import { EventCapture } from './epcis/capture/event-capture.ts';
import { EventLanding } from './epcis/capture/event-landing.ts';
import { EventWriter } from './epcis/capture/event-writer.ts';
import { EpcisDesk } from './epcis/epcis-desk.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { MemberVoice } from './member-voice.ts';
import type { Pipeline } from './pipeline.ts';

export interface EpcisParts {
  ledger: Ledger;
  pipeline: Pipeline;
  voice: MemberVoice;
  folder: DataFolder;
  log: { error(facts: object, text: string): void };
  nowMs: () => number;
  /** Frames accepted and in no block yet; none where accepted and committed are one. */
  waiting?: () => Iterable<Uint8Array>;
  isFurther: boolean;
}

/** Capture and queries of one gateway; documents that an earlier run promised go on at once. */
export function openEpcis(parts: EpcisParts): EpcisDesk {
  const { ledger, pipeline, voice, folder, nowMs, waiting = () => [] } = parts;
  const { store } = ledger;
  const jobs = new CaptureJobs(store.db);
  const { intake } = pipeline;
  const landing = new EventLanding({
    ledger,
    key: new CaptureKey({ file: join(folder.keys, 'capture.pem'), voice }),
    writer: new EventWriter({
      state: () => ledger.state,
      waiting,
      presentMs: () => voice.presentMs(),
    }),
    submit: (frame, settle) => intake.submit(frame, null, settle),
    trouble: () => intake.trouble,
  });
  // A further gateway has no member key to register a capture key with.
  const capture = parts.isFurther
    ? null
    : new EventCapture({
        ledger,
        events: store.events,
        landing,
        jobs,
        nowMs,
        onFailure: (error) => parts.log.error({ error: error.message }, 'a capture job failed'),
      });
  const desk = new EpcisDesk({ store, jobs, capture });
  pipeline.onCommitted(() => {
    landing.committed();
    desk.committed();
  });
  capture?.resume();
  return desk;
}
