import { spawnSync } from 'node:child_process';

/** Where CI puts the verifiers (`pip install --target`); without it what python3 finds by itself. */
function environment(): NodeJS.ProcessEnv {
  const extra = process.env['TRUEGRAIN_PYTHONPATH'];
  const own = process.env['PYTHONPATH'];
  if (extra === undefined || extra === '') return process.env;
  return { ...process.env, PYTHONPATH: own ? `${extra}:${own}` : extra };
}

export function hasPythonModule(name: string): boolean {
  return spawnSync('python3', ['-c', `import ${name}`], { env: environment() }).status === 0;
}

/** Runs a script with JSON on stdin; throws with its stderr when it fails. */
export function runPython(script: string, args: readonly string[], input: unknown): unknown {
  const run = spawnSync('python3', [script, ...args], {
    env: environment(),
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.status !== 0) throw new Error(`${script}: ${run.stderr || run.error}`);
  return JSON.parse(run.stdout);
}
