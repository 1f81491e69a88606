import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The recorded sensor data; its place is `$TRUEGRAIN_SHARED/data`. */
export function sharedData(...parts: string[]): string {
  return join(resolve(process.env['TRUEGRAIN_SHARED'] ?? '../shared'), 'data', ...parts);
}

export const hasSharedData = existsSync(sharedData('SOURCES.md'));
