// `npm test`: install, build, check, test. The last line of stdout is always the count.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { build, installIfNeeded, root, run } from '../sim/bin/prepare.js';

const report = join(root, 'node_modules/.cache/vitest-report.json');

function finish({ passed = 0, failed = 0, skipped = 0 }) {
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

/** A file that fails before its first test counts as one failure. */
function count() {
  if (!existsSync(report)) return { failed: 1 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'),
  );
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

function main() {
  for (const step of [installIfNeeded, build, () => run('npm', ['run', '--silent', 'check'])]) {
    if (step() !== 0) return finish({ failed: 1 });
  }
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = run(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    show: true,
  });
  const counts = count();
  // vitest also fails on an error outside any test: it must not pass for green.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return finish(counts);
}

main();
