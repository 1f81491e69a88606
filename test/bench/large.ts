import process from 'node:process';

/** `npm run bench:large`: sizes that take minutes to build and gigabytes to keep. */
export function isLarge(): boolean {
  return process.env['TRUEGRAIN_BENCH_LARGE'] === '1';
}
