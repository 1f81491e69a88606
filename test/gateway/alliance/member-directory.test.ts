import { expect, test } from 'vitest';
import { MemberDirectory, type OwnDoors } from '../../../gateway/alliance/member-directory.ts';

const id = (digit: string) => digit.repeat(40);
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

const peer = (name: string, digit: string) => ({
  iss: `https://${name}.example`,
  name,
  kind: 'participant' as const,
  endpoint: {
    http: `https://${name}.example:26680`,
    ca: Uint8Array.of(1),
    p2p: `${name}.example:26656`,
    nodeId: bytesOf(id(digit)),
    publicUrl: null,
  },
});

const ca = Uint8Array.of(7);
const door = { iss: 'https://mill.example', name: 'mill', kind: 'participant', ca };
const node = { http: 'https://mill.example:26680', p2p: 'mill.example:26656', nodeId: id('a') };
const depot = { http: 'https://depot.mill.example:26680', nodeId: id('d') };

function directoryOf(own?: OwnDoors): MemberDirectory {
  return new MemberDirectory({
    self: door.iss,
    ...(own && { own }),
    membership: () => null,
    known: [peer('mill', 'a'), peer('carrier', 'c')],
  });
}

const httpOf = ({ http }: { http: string }) => http;

test('the voting node lets its further gateways in, dials and asks the other members', () => {
  const directory = directoryOf({ door, node: null, gateways: [depot] });
  expect(directory.own()).toEqual([{ ...door, http: depot.http }]);
  expect(directory.admitsNode(depot.nodeId)).toBe(true);
  expect(directory.admitsNode(id('c'))).toBe(true);
  expect(directory.admitsNode(id('a'))).toBe(false);
  expect(directory.enginePeers()).toEqual([{ nodeId: id('c'), address: 'carrier.example:26656' }]);
  expect(directory.cosigners().map(httpOf)).toEqual(['https://carrier.example:26680']);
});

test('a further gateway knows its node’s engine alone, and asks all for cosignatures', () => {
  const directory = directoryOf({ door, node, gateways: [] });
  expect(directory.enginePeers()).toEqual([{ nodeId: node.nodeId, address: node.p2p }]);
  expect([id('a'), id('c')].map((nodeId) => directory.admitsNode(nodeId))).toEqual([true, false]);
  expect(directory.peers().map(httpOf)).toEqual(['https://carrier.example:26680']);
  expect(directory.cosigners().map(httpOf)).toEqual([
    'https://carrier.example:26680',
    'https://mill.example:26680',
  ]);
});

test('a member with one process has no other door', () => {
  expect(directoryOf().own()).toEqual([]);
  expect(directoryOf({ door, node: null, gateways: [] }).own()).toEqual([]);
});
