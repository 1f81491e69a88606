// Installs and builds what is missing: plain JavaScript, as it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const NODE_LEAST = [20, 19];

/** Headers beside node spare node-gyp its one download (better-sqlite3 is built from source). */
function environment() {
  const prefix = resolve(dirname(process.execPath), '..');
  const beside = existsSync(join(prefix, 'include/node/node.h'));
  return beside ? { npm_config_nodedir: prefix, ...process.env } : process.env;
}

/** Runs a command in the project's folder; its output goes to stderr unless `show` says stdout. */
export function run(command, args, { show = false, env = {} } = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', show ? 'inherit' : 2, 'inherit'],
    env: { ...environment(), ...env },
  });
  if (error) throw error;
  return signal ? 1 : (status ?? 1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [leastMajor, leastMinor] = NODE_LEAST;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  process.stderr.write(
    `Truegrain needs Node ${NODE_LEAST.join('.')} or newer, this is ${process.version}.\n`,
  );
  process.exit(1);
}

/** The lock file that node_modules was installed from, kept inside it. */
const installed = join(root, 'node_modules', '.truegrain-lock.json');

export function installIfNeeded() {
  checkNode();
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return 0;
  process.stderr.write('Installing packages (npm ci; SQLite is compiled, about two minutes) …\n');
  const status = run('npm', ['ci', '--no-audit', '--no-fund']);
  if (status === 0) writeFileSync(installed, lock);
  return status;
}

const PROGRAMS = ['gateway/dist/cli/main.js', 'device-sdk/dist/main.js'];

export function build() {
  process.stderr.write('Building …\n');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const status =
    run(process.execPath, [tsc, '-b']) ||
    run(process.execPath, [join(root, 'gateway/web/build.js')]);
  // npm links the programs before they are built and can't set their mode then.
  if (status === 0) for (const program of PROGRAMS) chmodSync(join(root, program), 0o755);
  return status;
}
