// Bundles the page into dist/ when something it is made of has changed: plain JavaScript, as it
// runs before anything is built.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const out = join(here, 'dist');
/** What the bundle in dist/ was made of. */
const stamp = join(out, '.inputs');

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'dist')
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

function digestOfInputs() {
  const hash = createHash('sha256');
  const lock = join(root, 'package-lock.json');
  for (const file of [lock, ...filesUnder(here), ...filesUnder(join(root, 'device-sdk/formats'))]) {
    hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

const digest = digestOfInputs();
const isCurrent = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
if (!isCurrent || process.argv.includes('--force')) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: here,
    base: '/ui/',
    logLevel: 'warn',
    resolve: {
      conditions: ['source', 'browser', 'module', 'import', 'default'],
      // The page's policy allows no eval: cbor-x has the same decoder without it.
      alias: { 'cbor-x/decode': 'cbor-x/decode-no-eval' },
    },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'es2023',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: {
        input: { index: join(here, 'index.html'), consumer: join(here, 'consumer.html') },
      },
    },
  });
  writeFileSync(stamp, digest);
}
