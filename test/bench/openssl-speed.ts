import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** `openssl speed -multi`: signatures a second that all cores verify with nothing else to do. */
export function opensslVerifies(alg: -7 | -8): number {
  const algorithm = alg === -7 ? 'ecdsap256' : 'ed25519';
  const args = ['speed', '-multi', String(availableParallelism()), '-seconds', '3', algorithm];
  const output = execFileSync('openssl', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const last = output.trim().split('\n').at(-1)?.trim().split(/\s+/).at(-1);
  const verifies = Number(last);
  if (!(verifies > 0)) throw new Error(`openssl speed printed ${output.slice(-200)}`);
  return verifies;
}
