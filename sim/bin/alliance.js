// `npm run alliance`: install, build, then four members on this machine (sim/alliance/main.ts).
import { join } from 'node:path';
import process from 'node:process';
import { build, installIfNeeded, root } from './prepare.js';

const failed = installIfNeeded() || build();
if (failed) {
  process.stderr.write('The demo could not be built; the lines above say why.\n');
  process.exit(failed);
}
const { runAlliance } = await import(join(root, 'sim/dist/alliance/main.js'));
process.exitCode = await runAlliance();
