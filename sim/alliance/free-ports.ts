import net from 'node:net';

/** Whether nobody listens on any of `count` ports from `first` on. */
export async function arePortsFree(first: number, count: number): Promise<boolean> {
  const ports = Array.from({ length: count }, (_, i) => first + i);
  const free = await Promise.all(ports.map(isFree));
  return free.every(Boolean);
}

function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
