import { encodeBoot } from '@truegrain/device-sdk/formats/boot.js';
import { concat, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { encodeFrame, parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { MEDIA_BATCH, MEDIA_SENML_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import { baseNameOf } from '@truegrain/device-sdk/formats/pack.js';
import { encodePack } from '@truegrain/device-sdk/formats/pack-encode.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import {
  parseStatement,
  type StatementFields,
  signStatement,
} from '@truegrain/device-sdk/formats/statement.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CheckRegistry, checkFrame } from '../../../gateway/admit/check.ts';
import { registryOf } from '../../support/intake-rig.ts';
import { fixedSigner, SoloRig, T0_MS, type TestDevice } from '../../support/solo-ledger.ts';

let rig: SoloRig;
let device: TestDevice;
let registry: CheckRegistry;
beforeAll(async () => {
  rig = new SoloRig();
  device = await rig.enrol('a');
  registry = registryOf(rig);
});
afterAll(() => rig.close());

const reading = (value: number, changes = {}) => ({
  name: 'temp',
  unit: 'Cel',
  value,
  timeMs: T0_MS,
  ...changes,
});

function packOf(records = [reading(4)], baseName = baseNameOf(device.urn)): Uint8Array {
  return encodePack({ baseName, salt: new Uint8Array(16), records });
}

/** A frame over `content`, whose statement says what `changes` say. */
function frameOf(
  content: Uint8Array,
  changes: Partial<StatementFields> & { claims?: object; by?: string } = {},
): Uint8Array {
  const { claims, by, ...rest } = changes;
  const fields = {
    iss: device.urn,
    sub: 'urn:example:lot',
    iat: T0_MS / 1000,
    payload: { kind: 'hash' as const, digest: sha256(content), preimageType: MEDIA_SENML_CBOR },
    seq: 1,
    prev: null,
    ledgerId: rig.ledgerId,
    device: {
      bootId: new Uint8Array(16),
      quality: 3 as const,
      errorMs: 5,
      count: 1,
      firstMs: T0_MS,
      lastMs: T0_MS,
      ...claims,
    },
    ...rest,
  };
  const signer = by === undefined ? device.signer : fixedSigner(by);
  return encodeFrame({ statement: signStatement(fields, signer).bytes, content });
}

function answer(frame: Uint8Array): string {
  const checked = checkFrame(frame, registry);
  if (!checked.authentic) return `unsigned: ${checked.code}`;
  return checked.verdict.code ?? checked.facts.mismatch ?? 'ok';
}

describe('nobody answers for it', () => {
  test.each([
    ['nothing', () => new Uint8Array(0), 'malformed'],
    ['text', () => utf8('hello'), 'malformed'],
    ['a frame and a byte', () => concat(frameOf(packOf()), Uint8Array.of(0)), 'malformed'],
    ['a frame above 256 KiB', () => new Uint8Array(262_145), 'malformed'],
    ['no statement in it', () => encodeCbor([utf8('x'), utf8('y')]), 'malformed'],
    [
      'a statement above 64 KiB',
      () => encodeCbor([new Uint8Array(70_000), utf8('y')]),
      'too_large',
    ],
    ['a key nobody registered', () => frameOf(packOf(), { by: 'stranger' }), 'unknown_key'],
    ['a changed signature', () => changed(-30), 'bad_signature'],
    ['other content beside it', () => otherContent(), 'digest_mismatch'],
    ['no content beside it', () => otherContent(new Uint8Array(0)), 'digest_mismatch'],
  ])('%s', (_name, frame, code) => {
    expect(answer(frame())).toBe(`unsigned: ${code}`);
  });

  /** One bit of the statement, counted from its end, is another. */
  function changed(at: number): Uint8Array {
    const parts = parseFrame(frameOf(packOf()));
    if (!parts.ok) throw new Error(parts.code);
    const statement = parts.value.statement.slice();
    statement[statement.length + at]! ^= 1;
    return encodeFrame({ statement, content: parts.value.content });
  }

  function otherContent(content = packOf([reading(5)])): Uint8Array {
    const parts = parseFrame(frameOf(packOf()));
    if (!parts.ok) throw new Error(parts.code);
    return encodeFrame({ statement: parts.value.statement, content });
  }
});

describe('its device answers for it', () => {
  const text = { name: 'temp', value: 'warm', timeMs: T0_MS };
  test.each([
    ['a pack', () => frameOf(packOf()), 'ok'],
    ['another ledger', () => frameOf(packOf(), { ledgerId: new Uint8Array(32) }), 'wrong_ledger'],
    ['another issuer', () => frameOf(packOf(), { iss: 'urn:dev:ops:32473-tg1-b' }), 'iss_mismatch'],
    ['no pack', () => frameOf(utf8('x')), 'pack_invalid'],
    [
      'another device’s pack',
      () => frameOf(packOf([reading(4)], 'urn:dev:ops:32473-tg1-b:')),
      'pack_invalid',
    ],
    ['another count', () => frameOf(packOf(), { claims: { count: 2 } }), 'count_mismatch'],
    [
      'another first time',
      () => frameOf(packOf(), { claims: { firstMs: T0_MS - 1 } }),
      'time_mismatch',
    ],
    [
      'another last time',
      () => frameOf(packOf(), { claims: { lastMs: T0_MS + 1 } }),
      'time_mismatch',
    ],
    [
      'absolute times without a clock',
      () => frameOf(packOf(), { claims: { quality: 0, firstMs: null, lastMs: null } }),
      'time_mismatch',
    ],
    ['an unknown sensor', () => frameOf(packOf([reading(4, { name: 'x' })])), 'unknown_sensor'],
    [
      'an unknown sensor’s fault',
      () => frameOf(packOf([{ ...text, name: 'x/fault', value: 'timeout' } as never])),
      'unknown_sensor',
    ],
    ['another unit', () => frameOf(packOf([reading(4, { unit: 'K' })])), 'unit'],
    ['a text where a number is due', () => frameOf(packOf([text as never])), 'unit'],
    ['below the range', () => frameOf(packOf([reading(-40.1)])), 'range'],
    ['above the range', () => frameOf(packOf([reading(85.1)])), 'range'],
    [
      'at its limits',
      () => frameOf(packOf([reading(-40), reading(85)]), { claims: { count: 2 } }),
      'ok',
    ],
    [
      'content of another type',
      () =>
        frameOf(utf8('x'), {
          payload: { kind: 'hash', digest: sha256(utf8('x')), preimageType: 'text/plain' },
        }),
      'not_allowed',
    ],
    [
      'a governance statement',
      () =>
        frameOf(utf8('x'), {
          device: null,
          payload: { kind: 'inline', contentType: MEDIA_BATCH, bytes: utf8('x') },
        }),
      'not_allowed',
    ],
    ['no claims', () => frameOf(packOf(), { device: null }), 'not_allowed'],
  ])('%s', (_name, frame, code) => {
    expect(answer(frame())).toBe(code);
  });

  test('a reading it flags itself', () => {
    const flag = { name: 'temp/flag', value: 'suspect:after-timeout', timeMs: T0_MS };
    const frame = frameOf(packOf([reading(4), flag as never]), { claims: { count: 2 } });
    expect(checkFrame(frame, registry)).toMatchObject({ verdict: { code: null, suspect: true } });
  });

  test('a boot record, whose times are nobody’s business', () => {
    const content = encodeBoot({
      bootId: new Uint8Array(16),
      bootCount: 1,
      prevSeqDurable: 0,
      firstSeq: 1,
      gapReason: null,
      firmware: '1',
      buildDateS: 1,
      tornBytes: 0,
    });
    const digest = sha256(content);
    const type = 'application/vnd.truegrain.boot+cbor';
    const payload = { kind: 'hash' as const, digest, preimageType: type };
    const checked = checkFrame(
      frameOf(content, { payload, claims: { firstMs: 0, lastMs: 9e12 } }),
      registry,
    );
    expect(checked).toMatchObject({
      verdict: { code: null },
      facts: { firstMs: null, lastMs: null },
    });
    const other = { ...payload, digest: sha256(utf8('x')) };
    expect(answer(frameOf(utf8('x'), { payload: other }))).toBe('pack_invalid');
  });
});

test('crit is refused by name', () => {
  const parts = parseFrame(frameOf(packOf()));
  if (!parts.ok) throw new Error(parts.code);
  const parsed = parseStatement(parts.value.statement);
  if (!parsed.ok) throw new Error(parsed.code);
  const { protectedBytes, payloadBytes, signature } = parsed.value;
  const crit = concat(
    Uint8Array.of((protectedBytes[0] ?? 0) + 1),
    protectedBytes.subarray(1, 3),
    Uint8Array.of(2, 0x81, 1),
    protectedBytes.subarray(3),
  );
  const statement = concat(
    Uint8Array.of(0xd2, 0x84),
    encodeCbor(crit),
    Uint8Array.of(0xa0),
    encodeCbor(payloadBytes),
    encodeCbor(signature),
  );
  expect(answer(encodeFrame({ statement, content: packOf() }))).toBe('unsigned: crit');
});

test('changed bytes have an answer and never throw', () => {
  const frame = frameOf(packOf());
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const bytes = frame.slice();
      bytes[at]! ^= by;
      expect(answer(bytes)).toMatch(/^unsigned: /);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(answer(bytes)).toBe('unsigned: malformed');
    }),
  );
});
