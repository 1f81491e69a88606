import { checkDeviceUrn, isDeviceUrn } from '@truegrain/device-sdk/formats/device-urn.js';
import { encodeDownlink, parseDownlink } from '@truegrain/device-sdk/formats/downlink.js';
import { encodeFrame, FRAME_BYTES_MAX, parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { isListable, isRefusalCode, REFUSAL_CODES } from '@truegrain/device-sdk/formats/refusal.js';
import { parseTopic, topicOf } from '@truegrain/device-sdk/formats/topic.js';
import { describe, expect, test } from 'vitest';
import { DEVICE, samples } from '../../support/format-samples.ts';

const id = new Uint8Array(32).fill(1);

describe('a frame', () => {
  test('carries statement and content', () => {
    const { statement, pack: content } = samples;
    expect(parseFrame(encodeFrame({ statement, content }))).toEqual({
      ok: true,
      value: { statement, content },
    });
  });

  test('is capped, by both sides', () => {
    const frame = (length: number) => ({
      statement: new Uint8Array(1),
      content: new Uint8Array(length),
    });
    const largest = FRAME_BYTES_MAX - 8;
    expect(encodeFrame(frame(largest)).length).toBe(FRAME_BYTES_MAX);
    expect(parseFrame(encodeFrame(frame(largest))).ok).toBe(true);
    expect(() => encodeFrame(frame(largest + 1))).toThrow(TypeError);
    expect(parseFrame(new Uint8Array(FRAME_BYTES_MAX + 1))).toMatchObject({
      code: 'frame_too_large',
    });
  });
});

describe('a downlink message', () => {
  const batch = { statement: new Uint8Array([1]), receipt: new Uint8Array([2]) };

  test.each([
    { kind: 'accepted', id },
    { kind: 'receipt', id, receipt: new Uint8Array(9) },
    { kind: 'refused', id, code: 'range', batch },
    { kind: 'refused', id, code: 'bad_signature', batch: null },
  ] as const)('$kind comes back', (message) => {
    expect(parseDownlink(encodeDownlink(message))).toEqual({ ok: true, value: message });
  });

  test('evidence comes only with what a batch can list', () => {
    const bytes = encodeDownlink({ kind: 'refused', id, code: 'digest_mismatch', batch });
    expect(parseDownlink(bytes)).toMatchObject({ ok: false, code: 'refusal_code' });
  });
});

test('refusal codes: what a carrier can bring about is never listable', () => {
  expect(REFUSAL_CODES).toHaveLength(28);
  expect(REFUSAL_CODES.every(isRefusalCode)).toBe(true);
  for (const code of [
    'malformed',
    'digest_mismatch',
    'content_missing',
    'bad_signature',
    'stale_batch',
    'suspended',
  ]) {
    expect(isListable(code)).toBe(false);
  }
  for (const code of ['range', 'rule', 'key_revoked', 'wrong_ledger', 'fork'])
    expect(isListable(code)).toBe(true);
  expect(isRefusalCode('toString')).toBe(false);
});

describe('device URNs and topics', () => {
  test.each([
    DEVICE,
    'urn:dev:mac:0024beffff804ff1',
    'urn:dev:ow:10e2073a01080063',
    'urn:dev:ow:10e2073a01080063_temp',
    'urn:dev:os:32473-12-5678',
    'urn:dev:org:32473-foo:bar',
    'urn:dev:example:new-1-2-3_comp',
  ])('%s', (urn) => {
    expect(checkDeviceUrn(urn).ok).toBe(true);
    expect(parseTopic(topicOf(urn, 'up'))).toEqual({ device: urn, direction: 'up' });
    expect(parseTopic(topicOf(urn, 'down'))).toEqual({ device: urn, direction: 'down' });
  });

  test.each([
    '',
    'urn:dev:',
    'urn:dev:x:',
    'urn:dev:X:1',
    'urn:dev:x:a/b',
    'urn:dev:x:a+',
    'urn:dev:x:#',
    'urn:dev:x:a b',
    'urn:dev:x:a\n',
    'urn:dev:x:\u0000',
    'urn:dev:x:é',
    'urn:dev:mac:123',
    'urn:dev:mac:AB',
    'urn:dev:os:0-1',
    'urn:dev:ops:1-a',
    'urn:dev:x:a:',
    'urn:dev:x:a_',
    `urn:dev:x:${'a'.repeat(200)}`,
  ])('not %j', (urn) => {
    expect(isDeviceUrn(urn)).toBe(false);
    expect(() => topicOf(urn, 'up')).toThrow(TypeError);
    expect(parseTopic(`tg/1/${urn}/up`)).toBe(null);
  });

  test.each([
    '',
    'tg/1/',
    `tg/1/${DEVICE}`,
    `tg/1/${DEVICE}/up/`,
    `tg/1/${DEVICE}/Up`,
    `tg/2/${DEVICE}/up`,
    `/tg/1/${DEVICE}/up`,
    'tg/1/+/up',
    '$SYS/x',
  ])('no topic of ours: %j', (topic) => expect(parseTopic(topic)).toBe(null));

  test('no text makes the grammar slow', () => {
    const startedMs = performance.now();
    isDeviceUrn(`urn:dev:ops:1-${'a-'.repeat(90)}!`);
    isDeviceUrn(`urn:dev:x:${'a:'.repeat(90)}!`);
    expect(performance.now() - startedMs).toBeLessThan(100);
  });
});
