import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketScanner, type Verdict } from '../../../gateway/ingest/size-guard.ts';
import { connectPacket, fixedHeader, publishPacket } from '../../support/mqtt-wire.ts';

const limits = { connectBytesMax: 2_048, subscribeBytesMax: 1_024, publishBytesMax: 262_500 };

function scanner(admit: (first: number, length: number) => Verdict = () => 'pass') {
  const seen: [number, number][] = [];
  const guard = new PacketScanner(limits, (first, length) => {
    const verdict = admit(first, length);
    if (verdict === 'pass') seen.push([first, length]);
    return verdict;
  });
  return { guard, seen };
}

const stream = Buffer.concat([
  connectPacket({ clientId: 'urn:dev:os:1-1' }),
  publishPacket('tg/1/urn:dev:os:1-1/up', 1, Buffer.alloc(300, 0x30)),
  Buffer.from([0xc0, 0]),
  publishPacket('tg/1/urn:dev:os:1-1/up', 2, Buffer.alloc(20_000, 0x10)),
  Buffer.from([0x40, 2, 0, 1]),
  Buffer.from([0xe0, 0]),
]);

describe('PacketScanner', () => {
  it('sees the same packets wherever the stream is cut', () => {
    const whole = scanner();
    expect(whole.guard.scan(stream)).toEqual({ end: stream.length, verdict: 'pass' });
    expect(whole.seen.map(([first]) => first)).toEqual([0x10, 0x32, 0xc0, 0x32, 0x40, 0xe0]);
    for (let cut = 1; cut < 1_000; cut++) {
      const { guard, seen } = scanner();
      expect(guard.scan(stream.subarray(0, cut)).verdict).toBe('pass');
      expect(guard.scan(stream.subarray(cut)).verdict).toBe('pass');
      expect(seen).toEqual(whole.seen);
      expect(guard.midPacket).toBe(false);
    }
  });

  it.each([
    ['a frame over the limit', fixedHeader(0x32, 262_501), 'too_large'],
    ['100 MB', fixedHeader(0x32, 100_000_000), 'too_large'],
    ['the largest remaining length there is', fixedHeader(0x3a, 268_435_455), 'too_large'],
    ['a long CONNECT', fixedHeader(0x10, 2_049), 'too_large'],
    ['a long SUBSCRIBE', fixedHeader(0x82, 1_025), 'too_large'],
    ['five length bytes', Buffer.from([0x32, 0x80, 0x80, 0x80, 0x80, 1]), 'protocol'],
    ['QoS 0', Buffer.from([0x30, 2]), 'qos'],
    ['QoS 2', Buffer.from([0x34, 2]), 'qos'],
    ['QoS 3', Buffer.from([0x36, 2]), 'qos'],
    ['retained', Buffer.from([0x33, 2]), 'retained'],
    ['a PUBACK of 3 bytes', Buffer.from([0x40, 3]), 'protocol'],
    ['PUBREL', Buffer.from([0x62, 2]), 'protocol'],
    ['CONNACK from a device', Buffer.from([0x20, 2]), 'protocol'],
    ['a PINGREQ with a body', Buffer.from([0xc0, 1]), 'protocol'],
    ['AUTH of MQTT 5', Buffer.from([0xf0, 0]), 'protocol'],
    ['SUBSCRIBE with reserved flags', Buffer.from([0x80, 4]), 'protocol'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'protocol'],
  ])('refuses %s from its header', (_what, header, verdict) => {
    const { guard, seen } = scanner();
    expect(guard.scan(header).verdict).toBe(verdict);
    expect(seen).toEqual([]);
  });

  it('holds before the last byte of a header and asks again', () => {
    let open = false;
    const { guard, seen } = scanner((first) => (first === 0x32 && !open ? 'hold' : 'pass'));
    const header = connectPacket({ clientId: 'a' }).length;
    const scan = guard.scan(stream.subarray(0, header + 500));
    expect(scan.verdict).toBe('hold');
    const rest = stream.subarray(scan.end);
    expect(guard.scan(rest)).toEqual({ end: 0, verdict: 'hold' });
    open = true;
    expect(guard.scan(rest)).toEqual({ end: rest.length, verdict: 'pass' });
    expect(seen).toHaveLength(6);
  });

  it('passes no byte behind a refused header, for any input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 9 }), (bytes, n) => {
        const { guard } = scanner();
        const other = scanner();
        const whole = guard.scan(bytes);
        let passed = 0;
        for (let at = 0; at < bytes.length; at += n) {
          const { end, verdict } = other.guard.scan(bytes.subarray(at, at + n));
          passed += end;
          if (verdict !== 'pass') break;
        }
        expect(passed).toBe(whole.end);
        expect(other.seen.length).toBe(guard.packets);
      }),
      { numRuns: 2_000 },
    );
  });
});
