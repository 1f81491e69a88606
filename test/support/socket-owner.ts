// Linux: which of some processes holds the other end of a local TCP connection.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Null where none of `pids` has a socket on that local port. */
export function ownerOfPort(port: number, pids: readonly number[]): number | null {
  const inode = inodeOf(port);
  if (inode === null) return null;
  return pids.find((pid) => socketsOf(pid).includes(`socket:[${inode}]`)) ?? null;
}

/** Columns of proc(5) net/tcp: local address is the second, the inode the tenth. */
function inodeOf(port: number): string | null {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8').trimEnd().split('\n').slice(1),
  );
  const columns = lines.map((line) => line.trim().split(/\s+/));
  return columns.find(([, local]) => local?.endsWith(wanted))?.[9] ?? null;
}

/** Empty for a process that is gone. */
function socketsOf(pid: number): string[] {
  try {
    const fds = readdirSync(`/proc/${pid}/fd`);
    return fds.map((fd) => targetOf(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
