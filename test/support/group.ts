import { describe } from 'vitest';

/**
 * A group of tests that needs something a machine may lack (a broker, a pty, third-party vectors).
 * Where it is absent the group is skipped under its own name; where `TRUEGRAIN_REQUIRE` names the
 * group (CI), it runs and fails instead, so that a missing install can't pass for a green run.
 */
export function group(name: string, present: boolean, missing = 'not on this machine') {
  const required = (process.env['TRUEGRAIN_REQUIRE'] ?? '').split(',').includes(name);
  if (present || required) return (title: string, body: () => void) => describe(title, body);
  return (title: string, body: () => void) => describe.skip(`[${name}: ${missing}] ${title}`, body);
}
