import { describe, expect, test } from 'vitest';
import { LineSplitter } from '../../../device-sdk/bus/line-splitter.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('LineSplitter', () => {
  const stream = bytes('noise\r\n$ONE,1*00\r\n$TWO*1E$THREE*22\n\n\0\xff$FOUR*33\r\n$half');
  const whole = ['$ONE,1*00', '$THREE*22', '$FOUR*33'];

  test('one chunk', () => {
    expect(new LineSplitter().push(stream)).toEqual(whole);
  });

  test('split at every byte', () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const splitter = new LineSplitter();
      const lines = [
        ...splitter.push(stream.subarray(0, cut)),
        ...splitter.push(stream.subarray(cut)),
      ];
      expect(lines, `cut at ${cut}`).toEqual(whole);
    }
  });

  test('byte by byte', () => {
    const splitter = new LineSplitter();
    expect([...stream].flatMap((byte) => splitter.push(Uint8Array.of(byte)))).toEqual(whole);
    expect(splitter.stats.lines).toBe(3);
    expect(splitter.stats.droppedLines).toBe(1);
  });

  test('an endless line is dropped and memory stays bounded; the next line is whole', () => {
    const splitter = new LineSplitter({ lineBytesMax: 32 });
    for (let i = 0; i < 1_000; i += 1) {
      expect(splitter.push(bytes(i === 0 ? '$'.padEnd(100, 'x') : 'x'.repeat(100)))).toEqual([]);
    }
    expect(splitter.push(bytes('\r\n$NEXT*00\r\n'))).toEqual(['$NEXT*00']);
    expect(splitter.stats.droppedBytes).toBe(100_000);
  });

  test('reset forgets the half line', () => {
    const splitter = new LineSplitter();
    splitter.push(bytes('$HALF'));
    splitter.reset();
    expect(splitter.push(bytes('OTHER*00\r\n$X*00\r\n'))).toEqual(['$X*00']);
  });
});
