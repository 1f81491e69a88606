/**
 * The loop: sample → pack → sign → queue → uplink. The only place where the parts meet; README,
 * "Life of a reading".
 *
 * @module device
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BootIdentity, beginBoot } from './boot-count.ts';
import { type Clock, SystemClock } from './clock.ts';
import type { DeviceConfig } from './config.ts';
import { type DeviceEvent, DeviceHalt, type DeviceStats } from './device-types.ts';
import { BUILD_DATE_S, FIRMWARE_VERSION } from './firmware.ts';
import { encodeBoot } from './formats/boot.ts';
import { toHex } from './formats/bytes.ts';
import { MEDIA_BOOT } from './formats/media-types.ts';
import { baseNameOf } from './formats/pack.ts';
import { useSha256 } from './formats/sha256.ts';
import { type Identity, loadIdentity } from './identity.ts';
import { lockInstance } from './instance-lock.ts';
import { nativeVerifier } from './keys/native-verify.ts';
import { LogTimeFile } from './log-time-file.ts';
import { Packer } from './packer.ts';
import { type Disk, nodeDisk } from './queue/disk.ts';
import { sampleForever } from './sampler.ts';
import { createSensors } from './sensor-factory.ts';
import { StatementWriter } from './statement-writer.ts';
import { openStorage, type Storage } from './storage.ts';
import { systemTimeProbe } from './time-probe.ts';
import { TimeKeeper, type TimeProbe } from './time-quality.ts';
import { readTls } from './tls-files.ts';
import { Uplink, type UplinkEvent } from './uplink/uplink.ts';

export interface DeviceParts {
  readonly clock?: Clock;
  readonly disk?: Disk;
  readonly probe?: TimeProbe;
  /** Only empties the queue: no boot record, no sampling (before a rotation). */
  readonly drainOnly?: boolean;
}

export interface Device {
  /** Rejects with DeviceHalt where it must not sign: not enrolled, no key, directory in use. */
  start(): Promise<void>;
  /** Closes the pack in hand and leaves everything durable. */
  stop(): Promise<void>;
  stats(): DeviceStats;
  /** Returns the unsubscribe. */
  on(listener: (event: DeviceEvent) => void): () => void;
  /** Settles after `stop`; rejects when the device had to give up: a failed disk, a bug. */
  readonly done: Promise<void>;
}

export function createDevice(config: DeviceConfig, parts: DeviceParts = {}): Device {
  // The same function as the portable one, several times faster.
  useSha256((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()));
  return new Runtime(config, parts);
}

const TIME_POLL_MS = 60_000;

class Runtime implements Device {
  readonly done: Promise<void>;
  readonly #config: DeviceConfig;
  readonly #parts: DeviceParts;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(event: DeviceEvent) => void>();
  readonly #counts = { readings: 0, queued: 0, dropped: 0 };
  #finish: (error?: unknown) => void = () => {};
  /** Undone in reverse by `#tearDown`. */
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #tasks: Promise<void>[] = [];
  #storage: Storage | null = null;
  #uplink: Uplink | null = null;
  #packer: Packer | null = null;
  #lastQueuedMs = 0;
  #lastReceipt: DeviceStats['lastReceipt'] = null;
  #failed = false;

  constructor(config: DeviceConfig, parts: DeviceParts) {
    this.#config = config;
    this.#parts = parts;
    this.#clock = parts.clock ?? new SystemClock();
    this.done = new Promise((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    // Whoever awaits it sees the error; nobody has to.
    this.done.catch(() => {});
  }

  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      await this.#tearDown();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('device stopped'));
    await Promise.all(this.#tasks);
    if (!this.#failed) this.#guard(() => this.#packer?.close());
    await this.#tearDown();
    this.#finish();
  }

  stats(): DeviceStats {
    return {
      ...this.#counts,
      lastReceipt: this.#lastReceipt,
      queue: this.#storage?.queue.stats() ?? null,
      uplink: this.#uplink?.stats() ?? null,
    };
  }

  on(listener: (event: DeviceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #open(): Promise<void> {
    const config = this.#config;
    const { dataDir } = config;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const unlock = await lockInstance(dataDir);
    if (unlock === null) throw new DeviceHalt('in_use', `${dataDir} is in use by another process`);
    this.#closers.push(unlock);
    const identity = loadIdentity(config);
    const boot = beginBoot(join(dataDir, 'boot-count'));
    const disk = this.#parts.disk ?? nodeDisk;
    const storage = openStorage(config, disk, identity.state.keyNumber);
    this.#storage = storage;
    this.#closers.push(storage.close);
    const { recovered } = storage;
    if (recovered.tornBytes > 0 || recovered.damaged.length > 0) {
      this.#emit({ kind: 'recovered', ...recovered });
    }
    const logTime = new LogTimeFile(join(dataDir, 'log-time'));
    this.#closers.push(() => logTime.flush());
    const keeper = this.#makeKeeper(logTime);
    await keeper.poll();
    const writer = this.#makeWriter({ identity, boot, storage, keeper });
    this.#startUplink({ identity, storage, keeper, logTime });
    if (this.#parts.drainOnly === true) {
      writer.writeGaps(keeper.now());
      return;
    }
    this.#writeBoot({ boot, storage, keeper, writer });
    await this.#startSampling(keeper, writer);
    const { firstSeq } = storage.sequence.start;
    this.#emit({ kind: 'started', bootCount: boot.bootCount, firstSeq });
  }

  #makeKeeper(logTime: LogTimeFile): TimeKeeper {
    return new TimeKeeper({
      clock: this.#clock,
      buildDateMs: BUILD_DATE_S * 1000,
      verifiedLogTimeMs: logTime.latestMs,
      probe: this.#parts.probe ?? systemTimeProbe(),
      onStep: (step) => {
        this.#packer?.addStep(step);
        this.#emit({ kind: 'clock_step', step });
      },
    });
  }

  #makeWriter(of: {
    identity: Identity;
    boot: BootIdentity;
    storage: Storage;
    keeper: TimeKeeper;
  }): StatementWriter {
    const { device, subject } = this.#config;
    const { state, signer } = of.identity;
    const { queue, sequence } = of.storage;
    return new StatementWriter({
      ...{ device, subject, signer, queue, sequence },
      ledgerId: state.ledgerId,
      keyNumber: state.keyNumber,
      bootId: of.boot.bootId,
      floorMs: () => of.keeper.floorMs,
      onQueued: (what) => {
        this.#lastQueuedMs = this.#clock.monotonicMs();
        this.#counts[what.stored ? 'queued' : 'dropped'] += 1;
        this.#emit({ kind: 'queued', what });
        this.#uplink?.wake();
      },
    });
  }

  #startUplink(of: {
    identity: Identity;
    storage: Storage;
    keeper: TimeKeeper;
    logTime: LogTimeFile;
  }): void {
    const { state, log } = of.identity;
    const { gateway, uplink, device } = this.#config;
    const url = gateway.mqttUrl ?? state.mqtt.url;
    if (url === null) {
      throw new DeviceHalt('no_gateway_url', 'neither gateway.mqttUrl nor enrolment names a URL');
    }
    const { username, password } = state.mqtt;
    this.#uplink = new Uplink({
      device,
      queue: of.storage.queue,
      trust: { log, native: nativeVerifier(16) },
      clock: this.#clock,
      link: { url, username, password, tls: readTls(gateway), keepaliveS: uplink.keepaliveS },
      window: { framesMax: uplink.windowFrames, answerTimeoutMs: uplink.answerTimeoutMs },
      backoff: {
        baseMs: uplink.backoffBaseMs,
        ceilingMs: uplink.backoffCeilingMs,
        firstDelayMsMax: uplink.firstDelayMsMax,
      },
      parkedRetryMs: uplink.parkedRetryMs,
      onEvent: (event) => this.#onUplink(event),
      onLogTime: (logTimeMs) => {
        of.keeper.raiseFloor(logTimeMs);
        of.logTime.raise(logTimeMs);
      },
      onFatal: (error) => this.#fail(error),
    });
    this.#uplink.start();
    this.#closers.push(() => this.#uplink?.stop());
  }

  #writeBoot(of: {
    boot: BootIdentity;
    storage: Storage;
    keeper: TimeKeeper;
    writer: StatementWriter;
  }): void {
    const { prevSeqDurable, firstSeq, gapReason } = of.storage.sequence.start;
    const { bootId, bootCount } = of.boot;
    const { tornBytes } = of.storage.recovered;
    const bytes = encodeBoot({
      ...{ bootId, bootCount, prevSeqDurable, firstSeq, gapReason, tornBytes },
      firmware: FIRMWARE_VERSION,
      buildDateS: BUILD_DATE_S,
    });
    const times = { count: 0, firstMs: null, lastMs: null };
    of.writer.write({ kind: 'boot', type: MEDIA_BOOT, bytes, time: of.keeper.now(), ...times });
  }

  async #startSampling(keeper: TimeKeeper, writer: StatementWriter): Promise<void> {
    const { device, packing, sensors } = this.#config;
    const { signal } = this.#stop;
    const packer = new Packer({
      baseName: baseNameOf(device),
      recordsMax: packing.recordsMax,
      now: () => keeper.now(),
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      write: (content) => writer.write(content),
    });
    this.#packer = packer;
    const made = await createSensors(sensors, {
      clock: this.#clock,
      buildDateMs: BUILD_DATE_S * 1000,
      onTime: (fix) => keeper.observeGnss(fix),
    });
    this.#closers.push(made.close);
    for (const setting of made.sensors) {
      const options = {
        clock: this.#clock,
        onSample: (...[measurements, how]: Parameters<Packer['add']>) => {
          this.#counts.readings += measurements.length;
          made.observe(measurements, how.prefix);
          packer.add(measurements, how);
        },
        onSensorError: (sensor: string, error: unknown) =>
          this.#emit({ kind: 'sensor_error', sensor, error }),
      };
      this.#run(() => sampleForever(setting, options, signal));
    }
    this.#run(() => this.#every(packing.intervalMs, () => this.#closePack(packer)));
    this.#run(() => this.#every(TIME_POLL_MS, () => keeper.poll()));
  }

  /** Silence beyond the reporting interval is a finding, so an idle device says that it lives. */
  #closePack(packer: Packer): void {
    const idleMs = this.#clock.monotonicMs() - this.#lastQueuedMs;
    if (packer.pending > 0) packer.close();
    else if (idleMs * 2 >= this.#config.reportingIntervalMs) packer.heartbeat();
  }

  async #every(intervalMs: number, body: () => void | Promise<void>): Promise<void> {
    for (;;) {
      await this.#clock.sleep(intervalMs, this.#stop.signal);
      await body();
    }
  }

  #onUplink(event: UplinkEvent): void {
    if (event.kind === 'receipted') {
      const { id, seq, size: logSize, index: leafIndex } = event;
      this.#lastReceipt = { id: toHex(id), seq, logSize, leafIndex };
    }
    this.#emit({ kind: 'uplink', event });
  }

  #run(body: () => Promise<void>): void {
    const task = body().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#fail(error);
    });
    this.#tasks.push(task);
  }

  #guard(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Fail-stop: what is on the disk is whole, and a restart begins from there (B7). */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#stop.abort(new Error('device failed', { cause: error }));
    void Promise.all(this.#tasks)
      .then(() => this.#tearDown())
      .then(() => this.#finish(error));
  }

  async #tearDown(): Promise<void> {
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        // The first failure is the one to report; closing goes on for the others' sake.
        if (!this.#failed) this.#finish(error);
        this.#failed = true;
      }
    }
  }

  #emit(event: DeviceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
