/**
 * One process per data directory: two would sign two histories with one key. A name in Linux's
 * abstract socket namespace goes away with its process, so no stale lock outlives a power cut; a
 * pid file would, and after a reboot its pid may belong to anybody.
 *
 * @module instance-lock
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';

/** Null when another process holds it. Elsewhere than on Linux nothing is locked. */
export function lockInstance(dataDir: string): Promise<(() => Promise<void>) | null> {
  if (process.platform !== 'linux') return Promise.resolve(() => Promise.resolve());
  const digest = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(`\0truegrain-device-${digest}`, () => {
      server.unref();
      resolve(() => new Promise((done) => server.close(() => done())));
    });
  });
}
