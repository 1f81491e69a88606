// Where the engine's program is: one pinned version of CometBFT, never another.

/** @module engine-binary */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';

/** Below 0.38.24 there are known ways to halt a chain from outside; see proto/README.md to move it. */
export const ENGINE_VERSION = '0.38.26';

export type EngineBinaryCode = 'engine_missing' | 'engine_version';

type Env = Readonly<Record<string, string | undefined>>;

const run = promisify(execFile);
const VERSION_TIMEOUT_MS = 20_000;

/**
 * The file to run: `TRUEGRAIN_COMETBFT`, else `cometbft` on the PATH, else the one that
 * `truegrain alliance engine` built. A file named by the variable is taken or refused, never passed
 * over; one on the PATH of another version is passed over for the built one.
 */
export async function findEngine(env: Env): Promise<Result<string, EngineBinaryCode>> {
  const named = env['TRUEGRAIN_COMETBFT'];
  if (named) {
    return isProgram(named)
      ? checkVersion(named)
      : fail('engine_missing', `TRUEGRAIN_COMETBFT names ${named}, which can't be run`);
  }
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'cometbft'));
  const candidates = [...onPath, cachedEngine(env)].filter(isProgram);
  let refused: Result<string, EngineBinaryCode> = fail(
    'engine_missing',
    `no cometbft ${ENGINE_VERSION} on this machine; \`truegrain alliance engine\` builds it`,
  );
  for (const file of new Set(candidates)) {
    const checked = await checkVersion(file);
    if (checked.ok) return checked;
    if (refused.code === 'engine_missing') refused = checked;
  }
  return refused;
}

/** Where the engine built by `buildEngine` stands. */
export function cachedEngine(env: Env): string {
  const caches = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return join(caches, 'truegrain', 'bin', `cometbft-${ENGINE_VERSION}`);
}

/** `cometbft version` prints `0.38.26`, and `0.38.26+<commit>` where its Makefile built it. */
export async function checkVersion(file: string): Promise<Result<string, EngineBinaryCode>> {
  let printed: string;
  try {
    ({ stdout: printed } = await run(file, ['version'], { timeout: VERSION_TIMEOUT_MS }));
  } catch (error) {
    return fail('engine_version', `${file} does not say its version: ${(error as Error).message}`);
  }
  const version = printed.trim();
  if (version.split('+', 1)[0] === ENGINE_VERSION) return ok(file);
  return fail(
    'engine_version',
    `${file} is version ${version.slice(0, 40)}; this program needs ${ENGINE_VERSION} exactly`,
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
