import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  configToml,
  type EngineSettings,
  peerAddresses,
} from '../../../../gateway/ledger/cometbft/engine-config.ts';
import {
  type EngineGenesis,
  type EngineHome,
  engineHome,
  writeEngineHome,
} from '../../../../gateway/ledger/cometbft/engine-home.ts';
import {
  engineAddress,
  p2pNodeId,
  publicBytes,
  validatorAddress,
} from '../../../../gateway/ledger/cometbft/engine-keys.ts';
import { alliance } from '../../../support/alliance-group.ts';
import { engineFile } from '../../../support/engine-file.ts';

/** RFC 8032 §7.1, test 1. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

const key = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${SEED}`, 'hex'),
  format: 'der',
  type: 'pkcs8',
});

const settings: EngineSettings = { moniker: 'acme', p2pListen: '127.0.0.1:0', peers: [] };

const genesis: EngineGenesis = {
  chainId: 'grain-1',
  timeMs: 1_700_000_000_123,
  validators: [{ publicKey: Buffer.from(PUBLIC, 'hex'), power: 1, name: 'acme' }],
  appHash: Uint8Array.of(0xab, 0xcd),
  appState: { charter: 'AA==' },
};

let folder: string;
let home: EngineHome;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-home-'));
  const made = engineHome(join(folder, 'engine'));
  if (!made.ok) throw new Error(made.detail);
  home = made.value;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(changes: Partial<Parameters<typeof writeEngineHome>[1]> = {}): void {
  const keys = { consensusKey: key, p2pKey: key };
  writeEngineHome(home, { settings, genesis, ...keys, voteFloor: 0, ...changes });
}

const read = (file: string) => readFileSync(join(home.root, file), 'utf8');

describe('keys', () => {
  test('an address is 20 bytes of SHA-256', () => {
    const publicKey = publicBytes(key);
    expect(Buffer.from(publicKey).toString('hex')).toBe(PUBLIC);
    expect(Buffer.from(engineAddress(publicKey)).toString('hex')).toBe(
      '21fe31dfa154a261626bf854046fd2271b7bed4b',
    );
    expect(p2pNodeId(publicKey)).toBe('21fe31dfa154a261626bf854046fd2271b7bed4b');
    expect(validatorAddress(publicKey)).toBe('21FE31DFA154A261626BF854046FD2271B7BED4B');
  });

  test('a public key is no key to sign with', () => {
    expect(() => write({ p2pKey: createPublicKey(key) })).toThrow('Ed25519 private keys');
  });
});

describe('home', () => {
  test('the engine’s own forms of keys, genesis and first vote state', () => {
    write();
    const pair = Buffer.from(SEED + PUBLIC, 'hex').toString('base64');
    expect(JSON.parse(read('config/priv_validator_key.json'))).toEqual({
      address: '21FE31DFA154A261626BF854046FD2271B7BED4B',
      pub_key: {
        type: 'tendermint/PubKeyEd25519',
        value: Buffer.from(PUBLIC, 'hex').toString('base64'),
      },
      priv_key: { type: 'tendermint/PrivKeyEd25519', value: pair },
    });
    expect(JSON.parse(read('config/genesis.json'))).toMatchObject({
      genesis_time: '2023-11-14T22:13:20.123Z',
      chain_id: 'grain-1',
      initial_height: '1',
      app_hash: 'ABCD',
      app_state: { charter: 'AA==' },
      validators: [{ power: '1', address: '21FE31DFA154A261626BF854046FD2271B7BED4B' }],
    });
    expect(JSON.parse(read('data/priv_validator_state.json'))).toEqual({
      height: '0',
      round: 0,
      step: 0,
    });
  });

  test('nobody else reads it, and writing it again changes nothing', () => {
    write();
    const files = ['config/config.toml', 'config/genesis.json', 'config/node_key.json'];
    const before = files.map(read);
    write();
    expect(files.map(read)).toEqual(before);
    expect(statSync(join(home.root, 'config')).mode & 0o777).toBe(0o700);
    expect(statSync(join(home.root, 'config/priv_validator_key.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.root, 'config/node_key.json')).mode & 0o777).toBe(0o600);
  });

  test('a chain id the engine would refuse, a folder whose sockets have too long a name', () => {
    expect(() => write({ genesis: { ...genesis, chainId: 'x'.repeat(51) } })).toThrow(RangeError);
    expect(engineHome(`/${'x'.repeat(100)}`)).toMatchObject({ ok: false, code: 'socket_path' });
  });
});

describe('configuration', () => {
  const sockets = { abciSocket: '/d/abci.sock', rpcSocket: '/d/rpc.sock' };

  test('only for a trial on one machine are several members of one address allowed', () => {
    const usual = configToml(settings, sockets);
    expect(usual).toContain('addr_book_strict = true');
    expect(usual).toContain('allow_duplicate_ip = false');
    const trial = configToml({ ...settings, loopback: true }, sockets);
    expect(trial).toContain('addr_book_strict = false');
    expect(trial).toContain('allow_duplicate_ip = true');
  });

  test('a text never ends its line', () => {
    const toml = configToml({ ...settings, moniker: 'a"\npex = true' }, sockets);
    expect(toml).toContain(String.raw`moniker = "a\"\npex = true"`);
    expect(toml.match(/^pex = .*$/gm)).toEqual(['pex = false']);
  });

  test('peers of another form are left out', () => {
    const nodeId = p2pNodeId(publicBytes(key));
    const good = ['grain.example:26656', '192.0.2.1:1', '[2001:db8::1]:26656'];
    const bad = [
      '',
      'host',
      'host:',
      ':1',
      'a,b:1',
      'a@b:1',
      'h"x:1',
      '2001:db8::1:26656',
      'a b:1',
    ];
    const peers = [...good, ...bad].map((address) => ({ nodeId, address }));
    expect(peerAddresses(peers)).toEqual(good.map((address) => `${nodeId}@${address}`));
    expect(peerAddresses([{ nodeId: nodeId.toUpperCase(), address: 'host:1' }])).toEqual([]);
  });
});

alliance('the engine reads what was written', () => {
  const asks = (...args: string[]) =>
    execFileSync(engineFile, [...args, '--home', home.root], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();

  test('both keys', () => {
    write();
    expect(asks('show-node-id')).toBe('21fe31dfa154a261626bf854046fd2271b7bed4b');
    expect(JSON.parse(asks('show-validator'))).toEqual({
      type: 'tendermint/PubKeyEd25519',
      value: Buffer.from(PUBLIC, 'hex').toString('base64'),
    });
  });

  test('a start from a snapshot, metrics, and peers', () => {
    write({
      settings: {
        ...settings,
        peers: [{ nodeId: p2pNodeId(publicBytes(key)), address: 'grain.example:26656' }],
        metricsListen: '127.0.0.1:0',
        stateSync: {
          rpcServers: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
          trustHeight: 7,
          trustHash: 'AB'.repeat(32),
          trustPeriodMs: 3_600_000,
        },
      },
    });
    expect(asks('show-node-id').length).toBe(40);
    const sync = { rpcServers: [], trustHeight: 0, trustHash: '', trustPeriodMs: 0 };
    write({ settings: { ...settings, stateSync: sync } });
    expect(() => asks('show-node-id')).toThrow('rpc_servers');
  });
});
