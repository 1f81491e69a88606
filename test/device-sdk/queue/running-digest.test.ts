import { expect, it } from 'vitest';
import {
  emptyDigest,
  extendDigest,
  finishDigest,
} from '../../../device-sdk/queue/running-digest.ts';
import { frameOf, sha256 } from './frames.ts';

it('SHA-256 put down and taken up at every length equals node:crypto', () => {
  for (let first = 0; first <= 130; first++) {
    for (const second of [0, 1, 32, 63, 64, 65]) {
      const [a, b] = [frameOf(first, first), frameOf(second + 7, second)];
      const saved = JSON.parse(JSON.stringify(extendDigest(emptyDigest, [a])));
      const digest = finishDigest(extendDigest(saved, [b]));
      expect(Buffer.compare(digest, sha256(a, b))).toBe(0);
    }
  }
});
