// A member whose clock is wrong by TRUEGRAIN_CLOCK_MS.
import { runMember } from './run-member.ts';

const offsetMs = Number(process.env['TRUEGRAIN_CLOCK_MS']);
const { now } = Date;
Date.now = () => now() + offsetMs;
await runMember();
