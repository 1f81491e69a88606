/**
 * How a Linux device learns what its clock rests on, without `adjtimex` (Node has no binding for
 * it): timesyncd leaves a flag file, chrony answers a query. Both paths are arguments for tests.
 *
 * @module time-probe
 */
import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { TimeProbe } from './time-quality.ts';

export interface SystemTimeProbeOptions {
  readonly timesyncFlag?: string;
  readonly rtcClass?: string;
  /** Returns `chronyc -c tracking`, or null where there is no chrony. */
  readonly chronyTracking?: () => Promise<string | null>;
}

const run = promisify(execFile);

async function askChrony(): Promise<string | null> {
  try {
    const { stdout } = await run('chronyc', ['-c', 'tracking'], { timeout: 2_000 });
    return stdout;
  } catch {
    return null;
  }
}

/** Error bound = |system offset| + root delay / 2 + root dispersion (chronyc(1), "tracking"). */
export function parseChronyTracking(line: string): { readonly errorMs: number } | null {
  const fields = line.trim().split(',');
  const [offsetS, delayS, dispersionS] = [fields[4], fields[10], fields[11]].map(Number);
  if (fields.length < 14 || fields[13] === 'Not synchronised') return null;
  const boundS = Math.abs(offsetS ?? Number.NaN) + (delayS ?? 0) / 2 + (dispersionS ?? 0);
  return Number.isFinite(boundS) ? { errorMs: Math.ceil(boundS * 1000) } : null;
}

export function systemTimeProbe(options: SystemTimeProbeOptions = {}): TimeProbe {
  const flag = options.timesyncFlag ?? '/run/systemd/timesync/synchronized';
  const rtcClass = options.rtcClass ?? '/sys/class/rtc';
  const chronyTracking = options.chronyTracking ?? askChrony;
  return {
    async ntpSynchronized() {
      const tracking = await chronyTracking();
      const chrony = tracking === null ? null : parseChronyTracking(tracking);
      if (chrony !== null) return chrony;
      return access(flag).then(
        () => ({ errorMs: null }),
        () => null,
      );
    },
    // `hctosys` says that the kernel set its clock from this RTC; an RTC merely present may have
    // a flat battery and have been ignored.
    rtcPresent: () =>
      readFile(`${rtcClass}/rtc0/hctosys`, 'utf8').then(
        (text) => text.trim() === '1',
        () => false,
      ),
  };
}
