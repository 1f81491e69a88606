import { parentPort, workerData } from 'node:worker_threads';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import type { RuleFault } from './rule-fault.ts';
import type { TrialPart, TrialProgress, TrialResult } from './trial-result.ts';
import { runTrial } from './trial-run.ts';

/** A thread that tries rules: gets a wish with its start, says how far it is and what came out. */
export type FromTrialWorker =
  | { readonly kind: 'progress'; readonly progress: TrialProgress }
  | { readonly kind: 'done'; readonly result: Result<TrialResult, RuleFault> };

const port = parentPort;
if (!port) throw new Error('trial-worker runs as a worker thread');

function post(message: FromTrialWorker): void {
  port?.postMessage(message);
}

const result = runTrial(workerData as TrialPart, (progress) =>
  post({ kind: 'progress', progress }),
);
post({ kind: 'done', result });
