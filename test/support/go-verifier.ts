// The Go program of test/interop/go: other people's code judges our notes, policies and tiles.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface GoRequest {
  notes?: unknown[];
  cosigned?: { name: string; log: string; vkeys: readonly string[]; note: string }[];
  policies?: { name: string; policy: string; note: string }[];
  trees?: unknown[];
}

/** By name of the case: null where it holds, otherwise why not. */
export type GoAnswers = Record<string, string | null | string[][]>;

export interface GoVerifier {
  /** Null when built; otherwise why not (no go, or its modules neither cached nor to be had). */
  readonly missing: string | null;
  readonly ask: (request: GoRequest) => GoAnswers;
  readonly remove: () => void;
}

export function goVerifier(): GoVerifier {
  const folder = mkdtempSync(join(tmpdir(), 'truegrain-go-'));
  const program = join(folder, 'verifier');
  return {
    missing: build(program),
    ask: (request) => {
      const run = spawnSync(program, [], { input: JSON.stringify(request), encoding: 'utf8' });
      if (run.status !== 0) throw new Error(run.stderr || String(run.error));
      return JSON.parse(run.stdout) as GoAnswers;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function build(program: string): string | null {
  const env = { ...process.env, GOFLAGS: '-mod=mod' };
  const cwd = join(import.meta.dirname, '../interop/go');
  const run = spawnSync('go', ['build', '-o', program, '.'], { cwd, env, encoding: 'utf8' });
  if (run.error) return 'no go';
  return run.status === 0 ? null : `go build: ${run.stderr.trim().split('\n').at(-1)}`;
}
