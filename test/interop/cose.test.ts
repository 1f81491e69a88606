import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toBase64Url, toHex } from '../../device-sdk/formats/bytes.ts';
import type { CoseKey } from '../../device-sdk/formats/cose-key.ts';
import { rootOf } from '../../device-sdk/formats/merkle.ts';
import { parseReceipt } from '../../device-sdk/formats/receipt.ts';
import { group } from '../support/group.ts';
import { hasPythonModule, runPython } from '../support/python.ts';
import { SampleLedger, smallLedger } from '../support/sample-ledger.ts';
import { statementOf } from '../support/sample-members.ts';

const script = join(import.meta.dirname, 'verify_cose.py');

interface Item {
  readonly name: string;
  readonly hex: string;
  readonly pem: string;
  readonly key: { kty: string; x: string; y?: string };
  readonly entry?: string;
  readonly root?: string;
}

function pemOf(key: CoseKey): string {
  const x = toBase64Url(key.x);
  const jwk =
    key.kty === 'OKP'
      ? { kty: 'OKP', crv: 'Ed25519', x }
      : { kty: 'EC', crv: 'P-256', x, y: toBase64Url(key.y) };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  }) as string;
}

function keyOf(key: CoseKey): Pick<Item, 'pem' | 'key'> {
  const x = toHex(key.x);
  const { kty } = key;
  return { pem: pemOf(key), key: key.kty === 'OKP' ? { kty, x } : { kty, x, y: toHex(key.y) } };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

const ledgers = [smallLedger(-8), smallLedger(-7)];
const statements: Item[] = ledgers.flatMap(({ ledger, device, leaves, batchLeaf }) => {
  const { alg, key } = device.key.signer;
  const bytes = ledger.entries[leaves[0]!]!;
  const item = (name: string, data: Uint8Array, by: CoseKey) => ({
    name: `${name} ${alg}`,
    hex: toHex(data),
    ...keyOf(by),
  });
  const { payloadBytes, signature } = statementOf(bytes);
  const { member, gateway } = ledger.members[0]!;
  return [
    item('good device', bytes, key),
    item('good charter', ledger.entries[0]!, member.signer.key),
    item('good batch', ledger.entries[batchLeaf]!, gateway.signer.key),
    item('flipped header', flipped(bytes, 60), key),
    item('flipped payload', flipped(bytes, bytes.length - 66 - payloadBytes.length), key),
    item('flipped signature', flipped(bytes, bytes.length - signature.length), key),
  ];
});

/** Several leaves of a tree of some size: every shape of path. */
const big = new SampleLedger();
const device = big.device('1', -7);
big.register(device);
big.batch(Array.from({ length: 19 }, (_, i) => big.readings(device, [i])));
const log = keyOf(big.members[0]!.log.key);
const root = toHex(rootOf(big.hashes()));
const receipts: Item[] = [2, 3, 10, 19, big.size - 1].flatMap((leaf) => {
  const bytes = big.receipt(leaf);
  const entry = big.entries[leaf]!;
  const item = (name: string, data: Uint8Array, of: Uint8Array, signed = root) => {
    return {
      name: `${name} receipt ${leaf}`,
      hex: toHex(data),
      entry: toHex(of),
      root: signed,
      ...log,
    };
  };
  const parsed = parseReceipt(bytes);
  const hash = parsed.ok ? toHex(parsed.value.inclusion[0]!.path[0]!) : '';
  const inPath = Buffer.from(bytes).indexOf(Buffer.from(hash, 'hex'));
  return [
    item('good', bytes, entry),
    item('flipped signature of', flipped(bytes, bytes.length - 1), entry),
    item('flipped header of', flipped(bytes, 60), entry),
    item(
      'flipped path of',
      flipped(bytes, inPath),
      entry,
      toHex(flipped(Buffer.from(root, 'hex'), 0)),
    ),
    item('other entry under', bytes, big.entries[1]!, toHex(flipped(Buffer.from(root, 'hex'), 31))),
  ];
});

for (const library of ['scitt_cose', 'pycose']) {
  const interop = group('interop', hasPythonModule(library), `no ${library} for python3`);

  interop(`statements and receipts, verified by ${library}`, () => {
    const answers = (): Record<string, unknown> =>
      runPython(script, [library], { statements, receipts }) as Record<string, unknown>;

    test('takes ours and nothing with a flipped bit', () => {
      for (const [name, answer] of Object.entries(answers())) {
        const good = name.startsWith('good');
        const taken = answer === true || Array.isArray(answer);
        expect({ name, taken, answer }).toMatchObject({ name, taken: good });
        // A refusal has to be the verdict, not a crash of the script.
        if (!good) expect(String(answer)).toMatch(/^(false|(Cose|CBOR)\w*)$/);
      }
    });

    if (library === 'scitt_cose') {
      test('reads the same issuer, subject, size, index and root', () => {
        const all = answers();
        const { ledger, leaves } = ledgers[1]!;
        const { iss, sub } = statementOf(ledger.entries[leaves[0]!]!);
        expect(all['good device -7']).toEqual([iss, sub]);
        expect(all['good receipt 10']).toEqual([big.size, 10, root]);
      });
    }
  });
}
