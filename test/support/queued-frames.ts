// A queue in a temporary directory with signed frames in it, for tests of what empties it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame } from '../../device-sdk/formats/frame.ts';
import { PACK_CONTENT_TYPE } from '../../device-sdk/formats/pack.ts';
import { encodePack } from '../../device-sdk/formats/pack-encode.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import { softSigner } from '../../device-sdk/formats/signer.ts';
import { signStatement } from '../../device-sdk/formats/statement.ts';
import { nodeDisk } from '../../device-sdk/queue/disk.ts';
import { Queue } from '../../device-sdk/queue/queue.ts';

export const DEVICE = 'urn:dev:ow:10e2073a01080063';
export const SUBJECT = 'https://id.gs1.org/414/9521321000010';

export function openQueue(dir: string): Queue {
  const opened = Queue.open({
    ...{ disk: nodeDisk, dir, policy: 'dropOldest', freeDiskFloorBytes: 0 },
    ...{ bytesMax: 4 * 65_536, segmentBytes: 65_536 },
  });
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value.queue;
}

export class QueuedFrames {
  readonly dir = mkdtempSync(join(tmpdir(), 'truegrain-frames-'));
  readonly ids: Uint8Array[] = [];
  readonly #ledgerId: Uint8Array;
  readonly #signer = softSigner(-8, new Uint8Array(32).fill(3));
  queue: Queue;

  constructor(ledgerId: Uint8Array) {
    this.#ledgerId = ledgerId;
    this.queue = openQueue(this.dir);
  }

  add(count: number): void {
    for (let i = 0; i < count; i += 1) this.#addOne();
  }

  /** What a killed process leaves, opened again. */
  reopen(): void {
    this.queue.close();
    this.queue = openQueue(this.dir);
  }

  remove(): void {
    this.queue.close();
    rmSync(this.dir, { recursive: true });
  }

  #addOne(): void {
    const seq = this.ids.length + 1;
    const timeMs = Date.UTC(2026, 10, 23) + seq * 1000;
    const content = encodePack({
      baseName: `${DEVICE}:`,
      salt: new Uint8Array(16).fill(seq),
      records: [{ name: 'temperature', unit: 'Cel', value: 4, timeMs }],
    });
    const { bytes, id } = signStatement(
      {
        ...{ iss: DEVICE, sub: SUBJECT, iat: Math.floor(timeMs / 1000), seq },
        payload: { kind: 'hash', digest: sha256(content), preimageType: PACK_CONTENT_TYPE },
        prev: this.ids.at(-1) ?? null,
        ledgerId: this.#ledgerId,
        device: {
          ...{ bootId: new Uint8Array(16), quality: 3, errorMs: 5, count: 1 },
          ...{ firstMs: timeMs, lastMs: timeMs },
        },
      },
      this.#signer,
    );
    const frame = encodeFrame({ statement: bytes, content });
    const appended = this.queue.append([
      { id, seq, kind: 'pack', minMs: timeMs, maxMs: timeMs, frame },
    ]);
    if (!appended.ok) throw new Error(appended.detail);
    this.ids.push(id);
  }
}
