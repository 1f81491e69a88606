import { parentPort } from 'node:worker_threads';
import {
  type Checked,
  type CheckKey,
  type CheckRegistry,
  checkEntry,
  checkFrame,
} from './check.ts';
import { packAnswer, unpackFrames } from './check-wire.ts';
import { useNodeCrypto } from './native-verify.ts';

/** A checking thread: gets keys as the ledger registers them, and frames to check. */
export type ToWorker =
  | { kind: 'ledger'; ledgerId: Uint8Array }
  | { kind: 'key'; kid: string; key: CheckKey }
  | { kind: 'frames'; chunk: number; frames: ArrayBuffer };

const port = parentPort;
if (!port) throw new Error('check-worker runs as a worker thread');

useNodeCrypto();
const registry: CheckRegistry = { ledgerId: new Uint8Array(32), keys: new Map() };

/** COSE_Sign1's tag: a bare statement out of a block. A frame is an array of two. */
const TAG_18 = 0xd2;

function checkOne(bytes: Uint8Array): Checked {
  return bytes[0] === TAG_18 ? checkEntry(bytes, registry) : checkFrame(bytes, registry);
}

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'ledger':
      registry.ledgerId = message.ledgerId;
      return;
    case 'key':
      registry.keys.set(message.kid, message.key);
      return;
    case 'frames': {
      const results = unpackFrames(message.frames).map(checkOne);
      const answer = packAnswer(results, message.frames);
      const moved = [answer.frames, answer.rows, answer.summaries];
      port.postMessage({ chunk: message.chunk, answer }, moved);
      return;
    }
  }
});
