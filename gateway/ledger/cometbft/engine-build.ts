// The engine from its source, by the Go toolchain of this machine: the module proxy and the public
// checksum database stand for what is downloaded, and its sum is pinned here as well.

/** @module engine-build */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { moveInto } from '../../store/durable-files.ts';
import { cachedEngine, checkVersion, ENGINE_VERSION } from './engine-binary.ts';

const MODULE = 'github.com/cometbft/cometbft';
/** go.sum's hash of the module at this version. */
const MODULE_SUM = 'h1:MIPYgOSvyyiN1jo3SZljKy4ZXqs896aQnj3pQFfUmaE=';

/** About three minutes on two cores with nothing cached. */
const BUILD_TIMEOUT_MS = 1_800_000;
const DETAIL_LINES = 5;

export type EngineBuildCode = 'go_missing' | 'build_failed' | 'wrong_sum';

const run = promisify(execFile);

/**
 * Builds the pinned version into the user's cache and returns the file. A crash leaves a folder
 * `build-…` beside it, which is only space; the file itself appears whole or not at all.
 */
export async function buildEngine(options: {
  env: Readonly<Record<string, string | undefined>>;
  onProgress: (line: string) => void;
}): Promise<Result<string, EngineBuildCode>> {
  const { env, onProgress } = options;
  const target = cachedEngine(env);
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(dirname(target), 'build-'));
  try {
    const installed = await goInstall({ ...env, CGO_ENABLED: '0', GOBIN: folder }, onProgress);
    if (!installed.ok) return installed;
    const built = join(folder, 'cometbft');
    const checked = await checkBuilt(built, env);
    if (!checked.ok) return checked;
    moveInto(built, target);
    return ok(target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function goInstall(
  env: NodeJS.ProcessEnv,
  onProgress: (line: string) => void,
): Promise<Result<null, EngineBuildCode>> {
  const args = ['install', '-trimpath', '-ldflags', '-s -w'];
  const what = `${MODULE}/cmd/cometbft@v${ENGINE_VERSION}`;
  onProgress(`go ${args.join(' ')} ${what}`);
  onProgress('this takes about three minutes the first time, and Go says nothing meanwhile');
  return new Promise((resolve) => {
    const child = spawn('go', [...args, what], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILD_TIMEOUT_MS,
    });
    const last: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      onProgress(line);
      last.push(line);
      if (last.length > DETAIL_LINES) last.shift();
    });
    child.once('error', (error) => {
      resolve(fail('go_missing', `Go is needed to build the engine (go.dev/dl): ${error.message}`));
    });
    child.once('close', (code) => {
      if (code === 0) return resolve(ok(null));
      const why = last.join('; ') || `go ended with ${code ?? 'a signal'}`;
      resolve(fail('build_failed', `the engine could not be fetched and built: ${why}`));
    });
  });
}

/** The Go toolchain writes into a binary what it was made from. */
async function checkBuilt(
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<Result<null, EngineBuildCode>> {
  const checked = await checkVersion(file);
  if (!checked.ok) return fail('build_failed', checked.detail);
  const { stdout } = await run('go', ['version', '-m', file], { env });
  const sum = /^\s*mod\s+\S+\s+\S+\s+(\S+)$/m.exec(stdout)?.[1];
  if (sum === MODULE_SUM) return ok(null);
  return fail('wrong_sum', `the source of the engine has the sum ${sum}, not ${MODULE_SUM}`);
}
