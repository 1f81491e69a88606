import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { Logger } from 'pino';
import { Intake } from './admit/intake.ts';
import { nativeVerify, useNodeCrypto } from './admit/native-verify.ts';
import { LedgerBackend } from './backend.ts';
import type { GatewayConfig } from './config.ts';
import { type DataFolder, dataFolder } from './data-folder.ts';
import {
  BrokerLink,
  endRevoked,
  handlersOf,
  openBroker,
  openHttp,
  publicMqttUrl,
  StartError,
  unwind,
} from './doors.ts';
import { FilingDesk } from './filing/filing-desk.ts';
import { loadMemberKeys } from './keys.ts';
import { executabilityFault } from './law/executability.ts';
import { SoloLedger } from './ledger/solo.ts';
import type { KeyRecord } from './ledger/state.ts';
import { MemberVoice } from './member-voice.ts';
import { MembershipDesk } from './membership-desk.ts';
import { keepExamining, openLawDesk } from './open-law-desk.ts';
import { Pipeline } from './pipeline.ts';
import { readsOf } from './reads/reads.ts';
import { EvidenceBuilder } from './receipts/evidence-builder.ts';
import { Registrar } from './registrar.ts';
import { openDatabase } from './store/database.ts';
import { LocalStore } from './store/local.ts';
import { lockFolder } from './store/lock.ts';

export interface RunningGateway {
  readonly ledgerId: string;
  readonly origin: string;
  readonly httpUrl: string;
  readonly mqttUrl: string;
  /** Takes nothing more, commits what was checked, anchors it, closes the store. */
  close(): Promise<void>;
}

export interface GatewayOptions {
  log: Logger;
  nowMs?: () => number;
  /** A bug in a checking thread: the process must end; what was not acknowledged comes again. */
  onFatal: (error: Error) => void;
  /** Ends a start that waits for other members. */
  signal?: AbortSignal;
}

/** One member's gateway: store, ledger, pipeline, broker and HTTP, in the order of their need. */
export async function startGateway(
  config: GatewayConfig,
  options: GatewayOptions,
): Promise<RunningGateway> {
  useNodeCrypto();
  const nowMs = options.nowMs ?? Date.now;
  const folder = dataFolder(config.data);
  const undo: (() => unknown)[] = [];
  try {
    const lock = lockFolder(folder.lock);
    undo.unshift(() => lock.release());
    const db = openDatabase(folder.ledger);
    undo.unshift(() => db.close());
    const ledger = openLedger(db, folder);
    const local = new LocalStore(db);
    const link = new BrokerLink();
    const pipeline = openPipeline({ config, folder, ledger, link, nowMs, options });
    undo.unshift(() => pipeline.close());
    pipeline.start();
    const broker = await openBroker(config, handlersOf(pipeline, local, options.log));
    link.broker = broker;
    undo.unshift(() => broker.close());
    const mqttUrl = publicMqttUrl(config, broker.port);
    const backend = openBackend({
      config,
      folder,
      undo,
      log: options.log,
      ledger,
      local,
      pipeline,
      link,
      mqttUrl,
      nowMs,
    });
    const http = await openHttp(config, { backend, folder, nowMs, log: options.log });
    undo.unshift(() => http.close());
    return {
      ledgerId: toHex(backend.ledgerId()),
      origin: backend.origin(),
      httpUrl: http.url,
      mqttUrl,
      close: () => unwind(undo),
    };
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

function openLedger(db: ReturnType<typeof openDatabase>, folder: DataFolder): SoloLedger {
  const ledger = new SoloLedger(db, nativeVerify);
  if (ledger.state.size > 0) return ledger;
  throw new StartError(
    'no_ledger',
    `${folder.ledger} holds no ledger; run \`truegrain init\` first`,
  );
}

function openPipeline(parts: {
  config: GatewayConfig;
  folder: DataFolder;
  ledger: SoloLedger;
  link: BrokerLink;
  nowMs: () => number;
  options: GatewayOptions;
}): Pipeline {
  const { config, folder, ledger, link, nowMs, options } = parts;
  const founder = ledger.state.charter?.founders[0];
  if (!founder) throw new Error('a charter has a founder');
  const signers = loadMemberKeys(folder.keys);
  return new Pipeline({
    ledger,
    signers,
    iss: founder.iss,
    cosignerName: founder.cosignerName,
    tipFiles: [folder.signedTip, ...config.tipCopies],
    anchorIntervalMs: config.anchorIntervalMs,
    openAdmission: (hooks) =>
      new Intake({
        ...hooks,
        ledger,
        gateway: { signer: signers.gateway, iss: founder.iss },
        nowMs,
        lingerMs: config.batchLingerMs,
        ...(config.threads === undefined ? {} : { threads: config.threads }),
      }),
    nowMs,
    downlinks: link,
    onTrouble: (error) => options.log.error({ error: error.message }, 'nothing is accepted'),
    onFailure: options.onFatal,
    onRuleTrouble: (rule, detail) => {
      const text = 'a rule is in force that can not be judged by here';
      options.log.error({ rule: ruleKey(rule), detail }, text);
    },
  });
}

function openBackend(parts: {
  config: GatewayConfig;
  folder: DataFolder;
  undo: (() => unknown)[];
  log: Logger;
  ledger: SoloLedger;
  local: LocalStore;
  pipeline: Pipeline;
  link: BrokerLink;
  mqttUrl: string;
  nowMs: () => number;
}): LedgerBackend {
  const { ledger, local, pipeline, link, nowMs, folder } = parts;
  const state = () => ledger.state;
  const { store } = ledger;
  const onChanged = (keys: readonly KeyRecord[]): void => {
    pipeline.keysChanged(keys);
    endRevoked(keys, { state: ledger.state, local, link });
  };
  const registrar = new Registrar({
    ledger,
    local,
    signer: pipeline.signers.member,
    iss: pipeline.iss,
    nowMs,
    presentMs: nowMs,
    mqttUrl: parts.mqttUrl,
    native: nativeVerify,
    onChanged,
  });
  const { proofs, anchor } = pipeline;
  const evidence = new EvidenceBuilder({ store, state, proofs, anchored: () => anchor.newest });
  const signer = () => pipeline.signers.member;
  const voice = new MemberVoice({ ledger, iss: pipeline.iss, signer, nowMs, onChanged });
  const ruleFault = executabilityFault;
  const alliance = new MembershipDesk({ voice, native: nativeVerify, ruleFault });
  const reads = { store, state, nowMs };
  const { desk: law, examiner } = openLawDesk({ voice, reads, folder });
  parts.undo.unshift(keepExamining(examiner, parts.log));
  return new LedgerBackend({
    ledger,
    pipeline,
    reads: readsOf(reads),
    writes: registrar,
    alliance,
    law,
    filing: new FilingDesk({ reads, self: pipeline.iss, origin: () => pipeline.origin }),
    evidence: (leafIndex) => evidence.build(leafIndex),
    nowMs,
    onGovernance: onChanged,
  });
}
