// `npm start`: install, build, then the demo (sim/main.ts).
import { join } from 'node:path';
import process from 'node:process';
import { build, installIfNeeded, root } from './prepare.js';

const failed = installIfNeeded() || build();
if (failed) {
  process.stderr.write('The demo could not be built; the lines above say why.\n');
  process.exit(failed);
}
const { runDemo } = await import(join(root, 'sim/dist/main.js'));
process.exitCode = await runDemo();
