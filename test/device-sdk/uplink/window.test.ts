import { describe, expect, test } from 'vitest';
import { type Tracked, Window } from '../../../device-sdk/uplink/window.ts';

const frame = (seq: number): Tracked => ({
  id: Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? seq : i === 1 ? seq >> 8 : 0)),
  leafHash: new Uint8Array(32),
  sub: 'urn:x',
  position: seq,
  seq,
});
const frames = Array.from({ length: 40 }, (_, i) => frame(i + 1));
const at = (seq: number) => frames[seq - 1] as Tracked;

function fill(window: Window, nowMs = 0): void {
  for (const one of frames.slice(0, 8)) window.send(one, nowMs);
}

describe('places', () => {
  test('eight, freed by an answer and by nothing else', () => {
    const window = new Window();
    fill(window);
    expect(window.room()).toBe(0);
    window.pubacked(at(1).id);
    expect(window.room()).toBe(0);
    window.await(at(1), 0);
    expect([window.room(), window.waiting, window.inFlight]).toEqual([1, 1, 7]);
    window.forget(at(1).id);
    expect([window.room(), window.waiting]).toEqual([1, 0]);
    expect(window.find(at(1).id)).toBeNull();
  });
});

describe('asking again', () => {
  test('after 30 s, then twice as long each time, at most an hour apart', () => {
    const window = new Window();
    let nowMs = 0;
    const waits: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      window.send(at(1), nowMs);
      window.await(at(1), nowMs);
      let waited = 0;
      while (window.due(nowMs + waited) === null) waited += 1_000;
      waits.push(waited / 1000);
      nowMs += waited;
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
  });

  test('a frame without an answer gives its place up', () => {
    const window = new Window();
    fill(window);
    for (const { id } of frames.slice(0, 8)) window.pubacked(id);
    expect(window.expire(29_999)).toBe(true);
    expect(window.inFlight).toBe(8);
    expect(window.expire(30_000)).toBe(true);
    expect([window.inFlight, window.waiting]).toEqual([0, 8]);
  });

  test('one that was not even PUBACKed puts the connection in doubt', () => {
    const window = new Window();
    window.send(at(1), 0);
    expect(window.expire(30_000)).toBe(false);
    expect(window.inFlight).toBe(1);
  });

  test('what is too much to remember is told once, when there is room again', () => {
    const window = new Window({ waitingMax: 4 });
    for (const one of frames.slice(0, 8)) {
      window.send(one, 0);
      window.await(one, 0);
    }
    expect(window.waiting).toBe(4);
    expect(window.takeForgotten()).toBe(false);
    for (const one of frames.slice(4, 8)) window.forget(one.id);
    expect([window.takeForgotten(), window.takeForgotten()]).toEqual([true, false]);
  });
});

describe('lost connections', () => {
  test('everything but what stands aside is sent anew', () => {
    const window = new Window();
    fill(window);
    window.await(at(1), 0);
    window.lost(0);
    expect([window.inFlight, window.waiting]).toEqual([0, 0]);
  });

  test('after two a frame goes alone, after five it stands aside for ten minutes and more', () => {
    const window = new Window();
    const lose = (nowMs: number) => {
      expect(window.admits(at(1).id)).toBe(true);
      window.send(at(1), nowMs);
      window.lost(nowMs);
    };
    lose(0);
    window.send(at(2), 0);
    expect(window.admits(at(1).id)).toBe(true);
    window.forget(at(2).id);
    lose(0);
    window.send(at(2), 0);
    expect(window.admits(at(1).id)).toBe(false);
    window.forget(at(2).id);
    window.send(at(1), 0);
    expect(window.room()).toBe(0);
    window.lost(0);
    lose(0);
    lose(0);
    expect(window.find(at(1).id)).not.toBeNull();
    expect(window.due(599_999)).toBeNull();
    expect(window.due(600_000)).toBe(at(1));
    lose(600_000);
    expect(window.due(600_000 + 1_199_999)).toBeNull();
    expect(window.due(600_000 + 1_200_000)).toBe(at(1));
  });

  test('an answer clears the suspicion', () => {
    const window = new Window();
    for (let i = 0; i < 3; i += 1) {
      window.send(at(1), 0);
      window.lost(0);
    }
    window.send(at(1), 0);
    window.await(at(1), 0);
    window.send(at(2), 0);
    expect(window.admits(at(1).id)).toBe(true);
  });
});
