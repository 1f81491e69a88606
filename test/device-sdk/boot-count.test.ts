import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { beginBoot } from '../../device-sdk/boot-count.ts';

const directory = mkdtempSync(join(tmpdir(), 'truegrain-boot-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('every boot counts one more and has its own id', () => {
  const path = join(directory, 'count');
  const boots = [1, 2, 3].map(() => beginBoot(path));
  expect(boots.map(({ bootCount }) => bootCount)).toEqual([1, 2, 3]);
  expect(new Set(boots.map(({ bootId }) => Buffer.from(bootId).toString('hex'))).size).toBe(3);
  for (const { bootId } of boots) expect(bootId).toHaveLength(16);
  expect(readFileSync(path, 'utf8')).toBe('3\n');
  expect(existsSync(`${path}.tmp`)).toBe(false);
});

test.each(['', '7', 'seven\n', '0\n', '-1\n', '1\n2\n', '1e9\n'])('damaged: %j', (text) => {
  const path = join(directory, 'damaged');
  writeFileSync(path, text);
  expect(beginBoot(path)).toMatchObject({ bootCount: 1, countLost: true });
  expect(beginBoot(path)).toMatchObject({ bootCount: 2, countLost: false });
});

test('a torn temporary file of a crash changes nothing', () => {
  const path = join(directory, 'torn');
  beginBoot(path);
  writeFileSync(`${path}.tmp`, '99999');
  expect(beginBoot(path).bootCount).toBe(2);
});

test('a disk that refuses is an exception: no boot without a count', () => {
  expect(() => beginBoot(join(directory, 'no', 'such', 'folder'))).toThrow('ENOENT');
});
