/**
 * What a wall time of this device is worth (device.md T1–T5). The clock is part of the evidence:
 * a restored "last saved" time, a rolled-over receiver and a missing RTC all look like valid times,
 * so quality is derived from where the time came from, never from how it looks.
 *
 * @module time-quality
 */
import type { Clock } from './clock.ts';

export const QUALITY = { none: 0, floor: 1, rtc: 2, ntp: 3, gnss: 4 } as const;
export type TimeQuality = (typeof QUALITY)[keyof typeof QUALITY];

/** One instant told by an outside source, tied to the monotonic clock at its arrival. */
export interface TimeFix {
  readonly utcMs: number;
  readonly monotonicMs: number;
  readonly errorMs: number;
}

export interface DeviceTime {
  readonly quality: TimeQuality;
  /** Null under quality 0: relative times only, the gateway anchors them to arrival (T3). */
  readonly wallMs: number | null;
  readonly errorMs: number | null;
  readonly monotonicMs: number;
}

/** A step to be signed as an event (T5). `system` is the OS clock, `source` a change of source. */
export interface ClockStep {
  readonly cause: 'system' | 'source';
  readonly fromMs: number;
  readonly toMs: number;
  readonly monotonicMs: number;
}

/** What the platform knows about its clock; see time-probe.ts. */
export interface TimeProbe {
  ntpSynchronized(): Promise<{ readonly errorMs: number | null } | null>;
  rtcPresent(): Promise<boolean>;
}

export interface TimeKeeperOptions {
  readonly clock: Clock;
  readonly buildDateMs: number;
  /** The newest log time this device verified in an earlier run, if any. */
  readonly verifiedLogTimeMs?: number;
  readonly probe: TimeProbe;
  readonly onStep?: (step: ClockStep) => void;
  /** How long a GNSS fix carries the clock without a newer one. */
  readonly gnssHoldoverMs?: number;
  /** Crystal drift assumed in holdover; an uncompensated Pi is within 50 ppm. */
  readonly driftPpm?: number;
}

const STEP_MS_MAX = 1_000;
/** `adjtime` slews at up to 500 ppm: over long silences that is drift, not a step. */
const SLEW_PPM = 500;
/** No firmware is in service longer; a clock beyond this has lost its mind (2100, week rollover). */
const SERVICE_MS_MAX = 15 * 366 * 86_400_000;

export class TimeKeeper {
  readonly #clock: Clock;
  readonly #probe: TimeProbe;
  readonly #onStep: (step: ClockStep) => void;
  readonly #holdoverMs: number;
  readonly #driftPpm: number;
  readonly #ceilingMs: number;
  #floorMs: number;
  #floorSeenAt: number | null = null;
  #fix: TimeFix | null = null;
  #ntp: { readonly errorMs: number | null } | null = null;
  #rtc = false;
  #system: { offsetMs: number; monotonicMs: number } | null = null;
  #stated: { quality: TimeQuality; offsetMs: number } | null = null;

  constructor(options: TimeKeeperOptions) {
    this.#clock = options.clock;
    this.#probe = options.probe;
    this.#onStep = options.onStep ?? (() => {});
    this.#holdoverMs = options.gnssHoldoverMs ?? 3_600_000;
    this.#driftPpm = options.driftPpm ?? 50;
    this.#ceilingMs = options.buildDateMs + SERVICE_MS_MAX;
    this.#floorMs = Math.max(options.buildDateMs, options.verifiedLogTimeMs ?? 0);
  }

  /** No wall time this device states is earlier (T2). */
  get floorMs(): number {
    return this.#floorMs;
  }

  /** Asks the platform whether NTP disciplines the clock; call once a minute and at start. */
  async poll(): Promise<void> {
    this.#ntp = await this.#probe.ntpSynchronized();
    this.#rtc = await this.#probe.rtcPresent();
    this.now();
  }

  observeGnss(fix: TimeFix): void {
    if (fix.utcMs < this.#floorMs || fix.utcMs > this.#ceilingMs) return;
    this.#fix = fix;
    this.now();
  }

  /** Takes a log time from a receipt this device has just verified. The floor only rises. */
  raiseFloor(logTimeMs: number): void {
    if (logTimeMs <= this.#floorMs) return;
    this.#floorMs = logTimeMs;
    this.#floorSeenAt = this.#clock.monotonicMs();
  }

  now(): DeviceTime {
    const monotonicMs = this.#clock.monotonicMs();
    const systemMs = this.#clock.nowMs();
    const stepped = this.#watchSystem(systemMs, monotonicMs);
    const time = this.#judge(systemMs, monotonicMs);
    this.#watchSource(time, stepped);
    return time;
  }

  #judge(systemMs: number, monotonicMs: number): DeviceTime {
    const gnss = this.#fromGnss(monotonicMs);
    if (gnss !== null) return gnss;
    // A clock before the floor is wrong whatever the probe says: timesyncd's flag file survives a
    // step back made by hand.
    const plausible = systemMs >= this.#floorMs && systemMs <= this.#ceilingMs;
    if (plausible) {
      const wallMs = Math.round(systemMs);
      if (this.#ntp !== null) {
        return { quality: QUALITY.ntp, wallMs, errorMs: this.#ntp.errorMs, monotonicMs };
      }
      const quality = this.#rtc ? QUALITY.rtc : QUALITY.floor;
      return { quality, wallMs, errorMs: null, monotonicMs };
    }
    // A log time verified in this run is a lower bound that has aged by a known amount.
    if (this.#floorSeenAt !== null) {
      const wallMs = Math.round(this.#floorMs + monotonicMs - this.#floorSeenAt);
      return { quality: QUALITY.floor, wallMs, errorMs: null, monotonicMs };
    }
    return { quality: QUALITY.none, wallMs: null, errorMs: null, monotonicMs };
  }

  #fromGnss(monotonicMs: number): DeviceTime | null {
    if (this.#fix === null) return null;
    const ageMs = monotonicMs - this.#fix.monotonicMs;
    if (ageMs > this.#holdoverMs) return null;
    const wallMs = Math.round(this.#fix.utcMs + ageMs);
    if (wallMs < this.#floorMs) return null;
    const errorMs = Math.ceil(this.#fix.errorMs + (ageMs * this.#driftPpm) / 1e6);
    return { quality: QUALITY.gnss, wallMs, errorMs, monotonicMs };
  }

  #watchSystem(systemMs: number, monotonicMs: number): boolean {
    const offsetMs = systemMs - monotonicMs;
    const last = this.#system;
    this.#system = { offsetMs, monotonicMs };
    if (last === null) return false;
    const slewMs = ((monotonicMs - last.monotonicMs) * SLEW_PPM) / 1e6;
    if (Math.abs(offsetMs - last.offsetMs) <= STEP_MS_MAX + slewMs) return false;
    this.#report('system', last.offsetMs + monotonicMs, systemMs, monotonicMs);
    return true;
  }

  /** Times stated before and after a change of source may disagree though no clock moved. */
  #watchSource(time: DeviceTime, systemStepped: boolean): void {
    if (time.wallMs === null) {
      this.#stated = null;
      return;
    }
    const offsetMs = time.wallMs - time.monotonicMs;
    const last = this.#stated;
    this.#stated = { quality: time.quality, offsetMs };
    if (last === null || last.quality === time.quality || systemStepped) return;
    if (Math.abs(offsetMs - last.offsetMs) <= STEP_MS_MAX) return;
    this.#report('source', last.offsetMs + time.monotonicMs, time.wallMs, time.monotonicMs);
  }

  #report(cause: ClockStep['cause'], fromMs: number, toMs: number, monotonicMs: number): void {
    this.#onStep({ cause, fromMs: Math.round(fromMs), toMs: Math.round(toMs), monotonicMs });
  }
}
