import type { Logger } from 'pino';
import { nativeVerify } from './admit/native-verify.ts';
import { LedgerBackend } from './backend.ts';
import { ConfigError } from './config-section.ts';
import type { DataFolder } from './data-folder.ts';
import type { EventsConfig } from './derive/derive-config.ts';
import { openDerivation } from './derive/open-derivation.ts';
import type { EpcisDesk } from './epcis/epcis-desk.ts';
import { Subscriptions } from './epcis/subscriptions/subscriptions.ts';
import { FilingDesk } from './filing/filing-desk.ts';
import { HandoverDesk } from './handover/handover-desk.ts';
import type { NodeView } from './http/alliance-backend.ts';
import type { EpcisBackend } from './http/epcis-backend.ts';
import { executabilityFault } from './law/executability.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { KeyRecord } from './ledger/state.ts';
import type { MemberVoice } from './member-voice.ts';
import { MembershipDesk } from './membership-desk.ts';
import { openEpcis } from './open-epcis.ts';
import { keepExamining, type LawDeskParts, openLawDesk } from './open-law-desk.ts';
import type { Pipeline } from './pipeline.ts';
import type { ReadContext } from './reads/read-context.ts';
import { readsOf } from './reads/reads.ts';
import { EvidenceBuilder } from './receipts/evidence-builder.ts';
import { Registrar } from './registrar.ts';
import type { LocalStore } from './store/local.ts';
import { FindingWebhooks } from './trace/finding-webhooks.ts';
import type { RouteConfig } from './trace/route-config.ts';
import { TraceDesk } from './trace/trace-desk.ts';
import type { FindingWebhook } from './trace/webhook-config.ts';

export interface BackendParts extends Pick<LawDeskParts, 'expiring' | 'clockOffsetMs'> {
  ledger: Ledger;
  pipeline: Pipeline;
  local: LocalStore;
  voice: MemberVoice;
  folder: DataFolder;
  log: Logger;
  undo: (() => unknown)[];
  mqttUrl: string;
  /** This machine's clock. */
  nowMs: () => number;
  /** The present that statements are dated with; an alliance tells it better than this machine. */
  presentMs: () => number;
  /** After COMMIT at this door; a ledger under consensus tells it from the block instead. */
  onChanged: (keys: readonly KeyRecord[]) => void;
  /** What the own node sees of the alliance. */
  node?: () => NodeView;
  /** Frames accepted and in no block yet. */
  waiting?: () => Iterable<Uint8Array>;
  /** Where things are to go (section `routes` of the configuration). */
  routes?: readonly RouteConfig[];
  /** Who is told of findings. */
  findingWebhooks?: readonly FindingWebhook[];
  /** Packs that become EPCIS events. */
  events?: EventsConfig;
  /** A further gateway of its member, which registers nobody and reports through its node. */
  isFurther?: boolean;
  /** Subscribers in this gateway's own network may be posted to, and who is told of findings. */
  privateWebhooks?: boolean;
}

/** What HTTP asks of one ledger, put together of its parts, whoever drives the ledger. */
export function openBackend(parts: BackendParts): LedgerBackend {
  const { ledger, pipeline, voice, folder, nowMs, presentMs, onChanged, isFurther = false } = parts;
  const { expiring, clockOffsetMs, node } = parts;
  const { store } = ledger;
  const state = () => ledger.state;
  const native = nativeVerify;
  const { proofs, anchor } = pipeline;
  const evidence = new EvidenceBuilder({ store, state, proofs, anchored: () => anchor.newest });
  const reads = { store, state, nowMs };
  const { desk: law, examiner } = openLawDesk({
    voice,
    reads,
    folder,
    ...(expiring && { expiring }),
    ...(clockOffsetMs && { clockOffsetMs }),
  });
  if (!isFurther) parts.undo.unshift(keepExamining(examiner, parts.log));
  const { local, mqttUrl } = parts;
  const epcis = openEpcis({
    ledger,
    pipeline,
    voice,
    folder,
    log: parts.log,
    nowMs,
    ...(parts.waiting && { waiting: parts.waiting }),
    isFurther,
  });
  if (parts.events) keepDeriving(parts.events, epcis, parts);
  return new LedgerBackend({
    ledger,
    pipeline,
    reads: readsOf(reads),
    writes: new Registrar({ ledger, local, voice, nowMs, mqttUrl, isFurther, native }),
    alliance: new MembershipDesk({
      voice,
      native,
      ...(node && { node }),
      ruleFault: executabilityFault,
    }),
    law,
    filing: new FilingDesk({ reads, self: pipeline.iss, origin: () => pipeline.origin }),
    epcis,
    handovers: new HandoverDesk({
      index: store.handovers,
      entryAt: (leafIndex) => store.leaves.entry(leafIndex),
      nowMs,
    }),
    standing: openSubscriptions(parts, epcis),
    trace: openTrace(parts, reads),
    evidence: (leafIndex) => evidence.build(leafIndex),
    nowMs: presentMs,
    onGovernance: onChanged,
  });
}

function openTrace(parts: BackendParts, reads: ReadContext): TraceDesk {
  const { ledger, pipeline, nowMs, routes = [], findingWebhooks = [], log, undo } = parts;
  const { iss, origin } = pipeline;
  const trace = new TraceDesk({
    reads,
    reporter: { iss, origin, signer: () => pipeline.signers.log },
    routes,
    onCommitted: (listener) => pipeline.onCommitted(listener),
  });
  const webhooks = new FindingWebhooks({
    db: ledger.store.db,
    trace,
    webhooks: findingWebhooks,
    about: { ledger: origin, by: iss },
    privateDests: parts.privateWebhooks ?? false,
    nowMs,
    onTrouble: (webhook, detail) => log.warn({ webhook, detail }, 'findings not delivered'),
  });
  webhooks.start();
  undo.unshift(() => webhooks.close());
  return trace;
}

function openSubscriptions(parts: BackendParts, epcis: EpcisBackend): Subscriptions {
  const { ledger, nowMs, privateWebhooks = false, log, undo } = parts;
  const subscriptions = new Subscriptions({
    db: ledger.store.db,
    epcis,
    nowMs,
    privateDests: privateWebhooks,
    onTrouble: (subscription, detail) => log.warn({ subscription, detail }, 'not delivered'),
  });
  subscriptions.start();
  undo.unshift(() => subscriptions.close());
  return subscriptions;
}

/** From the packs that an earlier run did not come to. */
function keepDeriving(config: EventsConfig, epcis: EpcisDesk, parts: BackendParts): void {
  if (parts.isFurther) {
    throw new ConfigError('events: a further gateway makes none; list them at its member’s node');
  }
  const capture = (events: readonly unknown[]) => epcis.captureEvents(events);
  const { ledger, pipeline, log, undo } = parts;
  const derivation = openDerivation({ config, ledger, capture, log });
  pipeline.onCommitted(() => derivation.committed());
  undo.unshift(() => derivation.close());
}
