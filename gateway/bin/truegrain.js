#!/usr/bin/env -S node --max-semi-space-size=64 --no-parallel-scavenge
// npm links what is there when it installs; dist is built after that.
// A larger nursery: a busy gateway makes short-lived garbage, and sweeping it often costs a sixth of its CPU.
// Swept by one thread: its helpers wait for one another where the checking threads have every core.
import '../dist/cli/main.js';
