// `npm run law`: install, build, then a play of four members under their law (sim/law/main.ts).
import { join } from 'node:path';
import process from 'node:process';
import { build, installIfNeeded, root } from './prepare.js';

const failed = installIfNeeded() || build();
if (failed) {
  process.stderr.write('The demo could not be built; the lines above say why.\n');
  process.exit(failed);
}
const { runLawPlay } = await import(join(root, 'sim/dist/law/main.js'));
process.exitCode = await runLawPlay();
