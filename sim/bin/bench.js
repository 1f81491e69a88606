// `npm run bench [name …]`: install, build, then the benches (test/bench/main.ts).
import { join } from 'node:path';
import process from 'node:process';
import { build, installIfNeeded, root, run } from './prepare.js';

function main() {
  const failed = installIfNeeded() || build();
  if (failed) {
    process.stderr.write('The project could not be built; the lines above say why.\n');
    return failed;
  }
  const script = join(root, 'test/bench/main.ts');
  const args = ['--import', 'tsx', '--conditions=source', script, ...process.argv.slice(2)];
  return run(process.execPath, args, { show: true });
}

process.exitCode = main();
