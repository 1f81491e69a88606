import { Worker } from 'node:worker_threads';
import { fail, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { RuleFault } from './rule-fault.ts';
import type { TrialProgress, TrialResult, TrialWish } from './trial-result.ts';
import type { FromTrialWorker } from './trial-worker.ts';

export type TrialFault = RuleFault | 'trial_cancelled';

/**
 * A dry run in a thread of its own, so that ingest does not wait for it. Ended by `signal` it leaves
 * nothing: it only reads. A thread that dies is a bug or a broken disk, and rejects.
 */
export function runTrialInThread(
  wish: TrialWish,
  options: {
    readonly onProgress?: (progress: TrialProgress) => void;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Result<TrialResult, TrialFault>> {
  const { onProgress, signal } = options;
  if (signal?.aborted) return Promise.resolve(CANCELLED);
  const worker = startWorker(wish);
  return new Promise((resolve, reject) => {
    const cancel = () => {
      resolve(CANCELLED);
      void worker.terminate();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    worker.on('message', (message: FromTrialWorker) => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else resolve(message.result);
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      signal?.removeEventListener('abort', cancel);
      reject(new Error('the trial ended without a result'));
    });
  });
}

const CANCELLED = fail<TrialFault>('trial_cancelled', 'the trial was cancelled');

function startWorker(wish: TrialWish): Worker {
  // Node 20 runs no TypeScript in threads: from sources, the built worker next door is used.
  const fromSource = import.meta.url.endsWith('.ts');
  const file = fromSource ? '../dist/law/trial-worker.js' : './trial-worker.js';
  return new Worker(new URL(file, import.meta.url), { execArgv: [], workerData: wish });
}
