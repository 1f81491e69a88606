#!/usr/bin/env -S node --max-semi-space-size=1 --max-old-space-size=48 --optimize-for-size --v8-pool-size=1
// npm links what is there when it installs; dist is built after that.
import '../dist/main.js';
