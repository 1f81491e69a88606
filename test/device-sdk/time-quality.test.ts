import { describe, expect, test } from 'vitest';
import {
  type ClockStep,
  QUALITY,
  TimeKeeper,
  type TimeProbe,
} from '../../device-sdk/time-quality.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const build = Date.UTC(2026, 8, 1);
const now = Date.UTC(2026, 10, 23);

function rig(wallMs = now) {
  const clock = new VirtualClock(wallMs);
  const platform = { ntp: null as { errorMs: number | null } | null, rtc: false };
  const probe: TimeProbe = {
    ntpSynchronized: () => Promise.resolve(platform.ntp),
    rtcPresent: () => Promise.resolve(platform.rtc),
  };
  const steps: ClockStep[] = [];
  const onStep = (step: ClockStep) => steps.push(step);
  const keeper = new TimeKeeper({ clock, buildDateMs: build, probe, onStep });
  return { clock, platform, steps, keeper };
}

const fix = (clock: VirtualClock, utcMs: number) => ({
  utcMs,
  monotonicMs: clock.monotonicMs(),
  errorMs: 1_000,
});

describe('quality', () => {
  test('a plausible clock of unknown origin is `floor`', () => {
    const { keeper } = rig();
    expect(keeper.now()).toMatchObject({ quality: QUALITY.floor, wallMs: now, errorMs: null });
  });

  test.each([0, Date.UTC(2020, 0, 1), build - 1, Date.UTC(2100, 0, 1)])(
    'a clock of %i is `none`, and states no wall time',
    async (wallMs) => {
      const { keeper, platform } = rig(wallMs);
      platform.ntp = { errorMs: 5 };
      await keeper.poll();
      expect(keeper.now()).toMatchObject({ quality: QUALITY.none, wallMs: null, errorMs: null });
    },
  );

  test('rtc, then ntp with its error bound', async () => {
    const { keeper, platform } = rig();
    platform.rtc = true;
    await keeper.poll();
    expect(keeper.now().quality).toBe(QUALITY.rtc);
    platform.ntp = { errorMs: 12 };
    await keeper.poll();
    expect(keeper.now()).toMatchObject({ quality: QUALITY.ntp, errorMs: 12 });
    platform.ntp = null;
    await keeper.poll();
    expect(keeper.now().quality).toBe(QUALITY.rtc);
  });

  test('gnss carries the clock through the holdover with a growing bound, then ends', async () => {
    const { keeper, clock } = rig(0);
    keeper.observeGnss(fix(clock, now));
    expect(keeper.now()).toMatchObject({ quality: QUALITY.gnss, wallMs: now, errorMs: 1_000 });
    await clock.advance(3_600_000);
    expect(keeper.now()).toMatchObject({
      quality: QUALITY.gnss,
      wallMs: now + 3_600_000,
      errorMs: 1_180,
    });
    await clock.advance(1);
    expect(keeper.now().quality).toBe(QUALITY.none);
  });

  test('a fix from before the floor or from 2100 is not believed', () => {
    const { keeper, clock } = rig(0);
    keeper.observeGnss(fix(clock, build - 1));
    keeper.observeGnss(fix(clock, Date.UTC(2100, 0, 1)));
    expect(keeper.now().quality).toBe(QUALITY.none);
  });
});

describe('floor', () => {
  test('is the later of build date and verified log time, and only rises', () => {
    const { clock, platform } = rig();
    void platform;
    const probe = {
      ntpSynchronized: () => Promise.resolve(null),
      rtcPresent: () => Promise.resolve(false),
    };
    const verifiedLogTimeMs = now + 5;
    const keeper = new TimeKeeper({ clock, buildDateMs: build, verifiedLogTimeMs, probe });
    expect(keeper.floorMs).toBe(now + 5);
    expect(keeper.now().quality).toBe(QUALITY.none);
    keeper.raiseFloor(now);
    expect(keeper.floorMs).toBe(now + 5);
  });

  test('a log time verified in this run gives a clockless device a time that runs', async () => {
    const { keeper, clock } = rig(0);
    keeper.raiseFloor(now);
    await clock.advance(7_000);
    expect(keeper.now()).toMatchObject({ quality: QUALITY.floor, wallMs: now + 7_000 });
  });

  test('no stated time is ever earlier than the floor, whatever the clocks do', async () => {
    const { keeper, clock } = rig();
    const walls = [0, now, build - 1, Date.UTC(2030, 0, 1), build, now - 86_400_000];
    for (const [index, wallMs] of walls.entries()) {
      clock.stepWall(wallMs);
      if (index === 2) keeper.raiseFloor(build + 1_000);
      if (index === 3) keeper.observeGnss(fix(clock, build + 2_000));
      const time = keeper.now();
      if (time.wallMs !== null) expect(time.wallMs).toBeGreaterThanOrEqual(keeper.floorMs);
      await clock.advance(1_000);
    }
  });
});

describe('steps', () => {
  test('a jump of more than a second is one event with from and to', async () => {
    const { keeper, clock, steps } = rig();
    keeper.now();
    await clock.advance(60_000);
    clock.stepWall(now - 3_600_000);
    keeper.now();
    keeper.now();
    expect(steps).toEqual([
      { cause: 'system', fromMs: now + 60_000, toMs: now - 3_600_000, monotonicMs: 61_000 },
    ]);
  });

  test('slewing and small corrections are not steps', async () => {
    const { keeper, clock, steps } = rig();
    keeper.now();
    clock.stepWall(clock.nowMs() + 900);
    keeper.now();
    await clock.advance(86_400_000);
    clock.stepWall(clock.nowMs() + 40_000);
    keeper.now();
    expect(steps).toEqual([]);
  });

  test('a change of source that moves the stated time is an event', () => {
    const { keeper, clock, steps } = rig();
    keeper.now();
    keeper.observeGnss(fix(clock, now + 5_000));
    expect(steps).toMatchObject([{ cause: 'source', fromMs: now, toMs: now + 5_000 }]);
  });
});
