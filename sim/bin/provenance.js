// `npm run provenance`: install, build, then a day of chilled rice for an auditor (sim/provenance/main.ts).
import { join } from 'node:path';
import process from 'node:process';
import { build, installIfNeeded, root } from './prepare.js';

const failed = installIfNeeded() || build();
if (failed) {
  process.stderr.write('The demo could not be built; the lines above say why.\n');
  process.exit(failed);
}
const { runProvenance } = await import(join(root, 'sim/dist/provenance/main.js'));
process.exitCode = await runProvenance();
