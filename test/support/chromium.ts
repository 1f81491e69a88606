// A real browser, where there is one: TRUEGRAIN_CHROMIUM, or `chromium` on the PATH.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

export const chromiumFile = process.env['TRUEGRAIN_CHROMIUM'] || onPath();

function onPath(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const files = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return files.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Without its sandbox where the tests run as root, which Chromium refuses otherwise. */
export function openChromium(): Promise<Browser> {
  if (chromiumFile === null) throw new Error('there is no Chromium');
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: chromiumFile, args });
}
