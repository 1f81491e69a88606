import { expect, test } from 'vitest';
import { FrameParser, frameOf } from '../../../../gateway/ledger/cometbft/framing.ts';

const messages = [0, 1, 127, 128, 300, 16_383, 16_384].map((length, i) =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + i) % 256),
);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function take(parser: FrameParser, chunk: Uint8Array): Uint8Array[] {
  const taken = parser.push(chunk);
  if (!taken.ok) throw new Error(taken.code);
  return taken.value;
}

test('all messages in one chunk', () => {
  expect(take(new FrameParser(), joined(messages.map(frameOf)))).toEqual(messages);
});

test('a stream of messages cut at each byte', () => {
  const few = messages.slice(0, 5);
  const stream = joined(few.map(frameOf));
  for (let cut = 0; cut <= stream.length; cut++) {
    const parser = new FrameParser();
    const first = take(parser, stream.subarray(0, cut));
    expect([...first, ...take(parser, stream.subarray(cut))]).toEqual(few);
  }
});

test('byte by byte', () => {
  const parser = new FrameParser();
  const taken = [...joined(messages.map(frameOf))].flatMap((byte) =>
    take(parser, Uint8Array.of(byte)),
  );
  expect(taken).toEqual(messages);
});

test.each([
  [1, 127],
  [2, 16_383],
  [3, 2_097_151],
  [4, 2_097_152],
])('a length of %i bytes', (bytes, length) => {
  const frame = frameOf(new Uint8Array(length));
  expect(frame.length).toBe(bytes + length);
  expect(take(new FrameParser(), frame)[0]?.length).toBe(length);
});

test('a length of five bytes is read, and is too large', () => {
  const parser = new FrameParser();
  expect(take(parser, Uint8Array.of(0x80, 0x80, 0x80, 0x80))).toEqual([]);
  expect(parser.push(Uint8Array.of(0x01))).toMatchObject({
    code: 'frame_too_large',
    detail: expect.stringContaining('268435456'),
  });
});

test('a length that never ends is refused at its fifth byte', () => {
  const parser = new FrameParser();
  expect(parser.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff)).ok).toBe(true);
  expect(parser.push(Uint8Array.of(0xff))).toMatchObject({ ok: false, code: 'frame_length' });
});

test('a length written longer than needed is refused', () => {
  expect(new FrameParser().push(Uint8Array.of(0x81, 0x00, 7))).toMatchObject({
    code: 'frame_length',
  });
});

test('one byte over the limit is refused, the limit is not, and nothing comes after', () => {
  expect(take(new FrameParser(300), frameOf(new Uint8Array(300))).length).toBe(1);
  const parser = new FrameParser(300);
  expect(parser.push(frameOf(new Uint8Array(301)))).toMatchObject({ code: 'frame_too_large' });
  expect(parser.push(frameOf(Uint8Array.of(1)))).toMatchObject({ code: 'frame_too_large' });
});

test('a message keeps its bytes when the chunk it came in is overwritten', () => {
  const chunk = Buffer.from(frameOf(Uint8Array.of(1, 2, 3)));
  const [message] = take(new FrameParser(), chunk);
  chunk.fill(0xff);
  expect(message).toEqual(Uint8Array.of(1, 2, 3));
});
