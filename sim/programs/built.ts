import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = dirname(fileURLToPath(import.meta.url));
/** sim/dist/programs when built, sim/programs from the sources. */
const root = join(own, own.endsWith(join('dist', 'programs')) ? '../../..' : '../..');

export const GATEWAY_PROGRAM = join(root, 'gateway/dist/cli/main.js');
export const DEVICE_PROGRAM = join(root, 'device-sdk/dist/main.js');

export function isBuilt(): boolean {
  return existsSync(GATEWAY_PROGRAM) && existsSync(DEVICE_PROGRAM);
}

/**
 * What a person types in the current folder in front of a command. npx finds the program only where
 * npm has linked it; elsewhere it would ask the registry.
 */
export function typedTruegrain(): string {
  return isLinked() ? 'npx truegrain' : `node ${GATEWAY_PROGRAM}`;
}

function isLinked(): boolean {
  try {
    accessSync(join(process.cwd(), 'node_modules/.bin/truegrain'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
