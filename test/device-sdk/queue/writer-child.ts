// Child of kill.test.ts: queues frames as fast as it can and says so after each durable step.
import { writeSync } from 'node:fs';
import { nodeDisk } from '../../../device-sdk/queue/disk.ts';
import { Queue } from '../../../device-sdk/queue/queue.ts';
import { Sequence } from '../../../device-sdk/queue/sequence.ts';
import { packOf } from './frames.ts';

const [root = ''] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

const opened = Queue.open({
  ...{ disk: nodeDisk, dir: `${root}/queue`, segmentBytes: 16_384, bytesMax: 400 * 16_384 },
  ...{ freeDiskFloorBytes: 0, policy: 'dropOldest' },
});
if (!opened.ok) throw new Error(opened.detail);
const { queue } = opened.value;
const sequence = Sequence.open({ disk: nodeDisk, path: `${root}/sequence-0`, tip: queue.tip(0) });
if (!sequence.ok) throw new Error(sequence.detail);

for (let round = 1; ; round++) {
  const group = Array.from({ length: 1 + (round % 4) }, () => {
    const seq = sequence.value.next();
    if (!seq.ok) throw new Error(seq.code);
    say(`used ${seq.value}`);
    return packOf(seq.value, 300);
  });
  const done = queue.append(group);
  if (!done.ok) throw new Error(done.detail);
  say(`queued ${group.map(({ seq }) => seq)}`);
  if (round % 3 === 0) {
    const out = queue.peek(0, 4);
    say(`releasing ${out.map(({ seq }) => seq)}`);
    queue.release(out.map(({ id }) => id));
    say(`released ${out.map(({ seq }) => seq)}`);
  }
}
