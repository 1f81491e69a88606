import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { Logger } from 'pino';
import { Intake } from './admit/intake.ts';
import { nativeVerify, useNodeCrypto } from './admit/native-verify.ts';
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
import { loadMemberKeys } from './keys.ts';
import { SoloLedger } from './ledger/solo.ts';
import type { KeyRecord } from './ledger/state.ts';
import { MemberVoice } from './member-voice.ts';
import { openBackend } from './open-backend.ts';
import { Pipeline } from './pipeline.ts';
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
    const onChanged = (keys: readonly KeyRecord[]): void => {
      pipeline.keysChanged(keys);
      endRevoked(keys, { state: ledger.state, local, link });
    };
    const { iss } = pipeline;
    const signer = () => pipeline.signers.member;
    const backend = openBackend({
      routes: config.routes,
      ledger,
      pipeline,
      local,
      voice: new MemberVoice({ ledger, iss, signer, nowMs, onChanged }),
      folder,
      log: options.log,
      undo,
      mqttUrl,
      nowMs,
      presentMs: nowMs,
      onChanged,
      privateWebhooks: config.http.privateWebhooks ?? false,
      ...(config.findingWebhooks && { findingWebhooks: config.findingWebhooks }),
      ...(config.events && { events: config.events }),
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
