import { encodeBoot, parseBoot } from '@truegrain/device-sdk/formats/boot.js';
import { encodeGap, parseGap } from '@truegrain/device-sdk/formats/gap.js';
import { describe, expect, test } from 'vitest';
import { NOW_MS } from '../../support/format-samples.ts';
import { codeOf } from '../../support/result-code.ts';

describe('device contents', () => {
  const boot = {
    bootId: new Uint8Array(16),
    bootCount: 1,
    prevSeqDurable: 0,
    firstSeq: 1,
    gapReason: null,
    firmware: '1',
    buildDateS: 1,
    tornBytes: 0,
  };

  test('a boot record explains every number it skips and reuses none', () => {
    expect(parseBoot(encodeBoot(boot))).toEqual({ ok: true, value: boot });
    expect(codeOf(parseBoot(encodeBoot({ ...boot, prevSeqDurable: 9, firstSeq: 9 })))).toBe(
      'field_value',
    );
    expect(codeOf(parseBoot(encodeBoot({ ...boot, firstSeq: 65 })))).toBe('field_value');
    expect(codeOf(parseBoot(encodeBoot({ ...boot, firstSeq: 65, gapReason: 'power cut' })))).toBe(
      null,
    );
  });

  test('a gap record counts no more than it spans', () => {
    const gap = {
      fromSeq: 5,
      toSeq: 9,
      count: 5,
      minTimeMs: null,
      maxTimeMs: null,
      reason: 'queue full',
      dropped: new Uint8Array(32),
    };
    expect(parseGap(encodeGap(gap))).toEqual({ ok: true, value: gap });
    for (const change of [
      { count: 6 },
      { toSeq: 4 },
      { minTimeMs: 1 },
      { minTimeMs: 2, maxTimeMs: 1 },
    ]) {
      expect(codeOf(parseGap(encodeGap({ ...gap, ...change })))).toBe('field_value');
    }
    expect(gap.fromSeq < NOW_MS).toBe(true);
  });
});
