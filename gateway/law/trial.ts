import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { RuleFault } from './rule-fault.ts';
import {
  joinedTrial,
  type TrialPart,
  type TrialProgress,
  type TrialResult,
  type TrialWish,
} from './trial-result.ts';
import type { FromTrialWorker } from './trial-worker.ts';

export type TrialFault = RuleFault | 'trial_cancelled';
type Outcome = Result<TrialResult, TrialFault>;

const THREADS_MAX = 4;

/**
 * A dry run in threads of its own, so that ingest does not wait for it: each takes its share of the
 * devices. Ended by `signal` it leaves nothing: it only reads. A thread that dies is a bug or a
 * broken disk, and rejects.
 */
export async function runTrialInThread(
  wish: TrialWish,
  options: {
    readonly onProgress?: (progress: TrialProgress) => void;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Outcome> {
  const { onProgress, signal } = options;
  if (signal?.aborted) return CANCELLED;
  const parts = Math.min(THREADS_MAX, availableParallelism());
  const done = new Array<TrialProgress>(parts).fill({ done: 0, total: 0 });
  const runs = done.map((_, part) =>
    runPart({ ...wish, part, parts }, signal, (progress) => {
      done[part] = progress;
      onProgress?.(slowestOf(done, progress.total));
    }),
  );
  const results = await Promise.all(runs);
  const fault = results.find((result) => !result.ok);
  return fault ?? ok(joinedTrial(results.flatMap((result) => (result.ok ? [result.value] : []))));
}

/** Every part goes through all statements: it is done when the last one is. */
function slowestOf(parts: readonly TrialProgress[], total: number): TrialProgress {
  return { done: Math.min(...parts.map(({ done }) => done)), total };
}

function runPart(
  wish: TrialPart,
  signal: AbortSignal | undefined,
  onProgress: (progress: TrialProgress) => void,
): Promise<Outcome> {
  const worker = startWorker(wish);
  return new Promise((resolve, reject) => {
    const cancel = () => {
      resolve(CANCELLED);
      void worker.terminate();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    worker.on('message', (message: FromTrialWorker) => {
      if (message.kind === 'progress') onProgress(message.progress);
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

function startWorker(wish: TrialPart): Worker {
  // Node 20 runs no TypeScript in threads: from sources, the built worker next door is used.
  const fromSource = import.meta.url.endsWith('.ts');
  const file = fromSource ? '../dist/law/trial-worker.js' : './trial-worker.js';
  return new Worker(new URL(file, import.meta.url), { execArgv: [], workerData: wish });
}
