import { BlockList, isIP } from 'node:net';

const LOCAL = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  LOCAL.addSubnet(net, bits);
}
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  LOCAL.addSubnet(net, bits, 'ipv6');
}

/** RFC 6761, RFC 6762, RFC 8375: names that mean something on one network only. */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|internal|lan|home\.arpa)$/;

/** Loopback, private and link-local addresses: everybody has them, so two members may share one. */
export function isLocalHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(address);
  if (family === 0) return LOCAL_NAME.test(address.replace(/\.$/, ''));
  return LOCAL.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
