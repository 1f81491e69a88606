import type { Endpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import type { Member } from '@truegrain/device-sdk/formats/membership.js';
import { describe, expect, it } from 'vitest';
import { isLocalHost } from '../../../gateway/conformance/local-host.ts';
import { independenceOf, isEvidenced } from '../../../gateway/conformance/organisations.ts';
import { endpointOf, evidenceOf, leiOf } from './chain-samples.ts';

function member(name: string, changes: Partial<Member> = {}): Member {
  return {
    iss: `https://${name}.example`,
    name,
    legalId: evidenceOf(name),
    kind: 'participant',
    cosignerName: `${name}.example/witness`,
    endpoint: endpointOf(name),
    sinceLeaf: 0,
    ...changes,
  };
}

function judged(...members: Member[]) {
  return independenceOf({ members: new Map(members.map((one) => [one.iss, one])) });
}

const at = (name: string, changes: Partial<Endpoint>): Partial<Member> => ({
  endpoint: { ...endpointOf(name), ...changes },
});

describe('independence', () => {
  it('members that have nothing in common are as many organisations', () => {
    const { evidenced, unshown, against, notSeen } = judged(member('acme'), member('bolt'));
    expect([evidenced.length, unshown.length, against, notSeen]).toEqual([2, 0, [], []]);
  });

  it.each<[string, Partial<Member>]>([
    ['legal id', { legalId: evidenceOf('acme') }],
    ['evidence', { legalId: { ...evidenceOf('bolt'), evidence: evidenceOf('acme').evidence } }],
    ['host of the door', at('bolt', { http: 'https://NODE.acme.example:9443' })],
    ['host of the engine', at('bolt', { p2p: 'node.acme.example:1' })],
    ['host of the public API', at('bolt', { publicUrl: 'https://ledger.acme.example/bolt' })],
    ['host of the issuer', { iss: 'https://acme.example/bolt' }],
    ['certificate authority', at('bolt', { ca: endpointOf('acme').ca })],
  ])('the same %s makes two members one organisation', (_what, changes) => {
    const { evidenced, against } = judged(member('acme'), member('bolt', changes), member('cargo'));
    expect(evidenced.map(({ members }) => members.map(({ name }) => name))).toEqual([
      ['acme', 'bolt'],
      ['cargo'],
    ]);
    expect(against.length).toBeGreaterThan(0);
  });

  it('what two pairs share makes all of them one', () => {
    const bolt = member('bolt', at('bolt', { ca: endpointOf('acme').ca }));
    const cargo = member('cargo', at('cargo', { p2p: 'node.bolt.example:1' }));
    expect(judged(member('acme'), bolt, cargo).evidenced).toHaveLength(1);
  });

  it('evidence needs a legal id whose check digits hold', () => {
    expect(isEvidenced(evidenceOf('acme'))).toBe(true);
    expect(isEvidenced({ ...evidenceOf('acme'), evidence: null })).toBe(false);
    expect(isEvidenced({ ...evidenceOf('acme'), scheme: 'none', value: '' })).toBe(false);
    expect(
      isEvidenced({ ...evidenceOf('acme'), scheme: 'uscc', value: '91350100M000100Y43' }),
    ).toBe(true);
    expect(
      isEvidenced({ ...evidenceOf('acme'), scheme: 'uscc', value: '91350100M000100Y44' }),
    ).toBe(false);
    expect(
      isEvidenced({
        ...evidenceOf('acme'),
        value: leiOf('acme').replace(/.$/, (digit) => `${(Number(digit) + 1) % 10}`),
      }),
    ).toBe(false);
  });

  it('a member without an endpoint, or with private addresses, is judged by its evidence and named', () => {
    const { evidenced, notSeen } = judged(
      member('acme', { endpoint: null }),
      member(
        'bolt',
        at('bolt', { http: 'https://10.0.0.7:1', p2p: null, publicUrl: 'http://localhost:80' }),
      ),
    );
    expect(evidenced).toHaveLength(2);
    expect(notSeen).toHaveLength(2);
  });
});

it('tells local from public addresses', () => {
  const local = [
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.1',
    '172.31.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '[::1]',
    '[fe80::1]',
    '[fd00::1]',
    'localhost',
    'node.localhost',
    'mill.local',
    '[::ffff:127.0.0.1]',
  ];
  const distant = [
    '203.0.113.7',
    '172.32.0.1',
    '8.8.8.8',
    '[2001:db8::1]',
    'mill.example',
    'localhost.example',
    'local'.concat('ity.example'),
  ];
  for (const host of local) expect(isLocalHost(host), host).toBe(true);
  for (const host of distant) expect(isLocalHost(host), host).toBe(false);
});
