import { encodeEndpoint, parseEndpoint } from '@truegrain/device-sdk/formats/endpoint.js';
import { encodeGrant, parseGrant } from '@truegrain/device-sdk/formats/grant.js';
import {
  type KeyProof,
  makeKeyProof,
  verifyKeyProof,
} from '@truegrain/device-sdk/formats/key-proof.js';
import {
  encodeMemberCard,
  makeMemberCard,
  parseMemberCard,
  verifyMemberCard,
} from '@truegrain/device-sdk/formats/member-card.js';
import { recordDigest } from '@truegrain/device-sdk/formats/member-record.js';
import {
  encodeProposal,
  type KeyChange,
  parseProposal,
} from '@truegrain/device-sdk/formats/proposal.js';
import { describe, expect, test } from 'vitest';
import { DEVICE, ledgerId, MEMBER, NOW_MS, signer } from '../../support/format-samples.ts';
import {
  card,
  endpoint,
  keyProof,
  memberSamples,
  newcomer,
  newcomerSigners,
} from '../../support/member-samples.ts';
import { codeOf } from '../../support/result-code.ts';

describe('a key proof', () => {
  const key = signer(-8, 50).key;
  const expected: KeyProof = { iss: MEMBER, role: 'log', key, ledgerId, record: null };

  test('says what it was told', () => {
    expect(verifyKeyProof(keyProof, expected)).toEqual({ ok: true, value: expected });
  });

  test.each<[string, Partial<KeyProof>]>([
    ['member', { iss: 'https://other.example' }],
    ['role', { role: 'cosigner' }],
    ['key', { key: signer(-8, 51).key }],
    ['ledger', { ledgerId: new Uint8Array(32) }],
    ['no ledger', { ledgerId: null }],
    ['record', { record: new Uint8Array(32) }],
  ])('is not one for another %s', (_, other) => {
    expect(codeOf(verifyKeyProof(keyProof, { ...expected, ...other }))).toBe('proof_mismatch');
  });

  test('is signed by the key itself', () => {
    const other = signer(-8, 51);
    const forged = makeKeyProof({ ...other, key, kid: signer(-8, 50).kid }, expected);
    expect(codeOf(verifyKeyProof(forged, expected))).toBe('proof_signature');
    const openly = makeKeyProof({ ...other, key }, expected);
    expect(codeOf(verifyKeyProof(openly, expected))).toBe('proof_mismatch');
  });

  test('has no flipped bit that verifies', () => {
    for (let bit = 0; bit < keyProof.length * 8; bit += 11) {
      const flipped = Uint8Array.from(keyProof);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifyKeyProof(flipped, expected).ok).toBe(false);
    }
  });
});

describe('a member card', () => {
  test('comes back and verifies', () => {
    const parsed = parseMemberCard(encodeMemberCard(card));
    expect(parsed).toEqual({ ok: true, value: card });
    expect(parsed.ok && codeOf(verifyMemberCard(parsed.value))).toBe(null);
    const founding = makeMemberCard(
      { member: newcomer, endpoint, ledgerId: null },
      newcomerSigners,
    );
    expect(codeOf(verifyMemberCard(founding))).toBe(null);
  });

  test('is for one record and one ledger', () => {
    const code = (changes: object) => codeOf(verifyMemberCard({ ...card, ...changes }));
    expect(code({ ledgerId: null })).toBe('proof_mismatch');
    expect(code({ ledgerId: new Uint8Array(32) })).toBe('proof_mismatch');
    expect(code({ member: { ...newcomer, kind: 'regulator' } })).toBe('proof_mismatch');
    expect(code({ proofs: card.proofs.slice(1) })).toBe('proof_mismatch');
    expect(code({ proofs: [...card.proofs.slice(1), card.proofs[0]] })).toBe('proof_mismatch');
    // Where it is reached may change on the way: the keys vouch for who it is.
    expect(code({ endpoint: { ...endpoint, publicUrl: null } })).toBe(null);
  });

  test('a key of another card is none of this one', () => {
    const member = { ...newcomer, name: 'Impostor', memberKey: signer(-8, 60).key };
    const record = recordDigest(member);
    const { iss } = member;
    const own = makeKeyProof(signer(-8, 60), { iss, role: 'member', ledgerId, record });
    const taken = { ...card, member, proofs: [own, ...card.proofs.slice(1)] };
    expect(codeOf(verifyMemberCard(taken))).toBe('proof_mismatch');
  });

  test('can’t be made without each key', () => {
    const wishes = { member: newcomer, endpoint, ledgerId };
    expect(() => makeMemberCard(wishes, newcomerSigners.slice(1))).toThrow(TypeError);
    expect(() => makeMemberCard(wishes, newcomerSigners.toReversed())).toThrow(TypeError);
  });

  test('is not read beyond its size', () => {
    expect(codeOf(parseMemberCard(new Uint8Array(131_073)))).toBe('card_too_large');
    expect(codeOf(parseMemberCard(memberSamples.answer))).toBe('field_missing');
  });
});

describe('an endpoint', () => {
  const code = (changes: Partial<typeof endpoint>) =>
    codeOf(parseEndpoint(encodeEndpoint({ logTimeMs: NOW_MS, ...endpoint, ...changes })));

  test.each([
    { http: 'https://10.0.0.1:1' },
    { http: 'https://[::1]:65535' },
    { http: 'https://Host.example/door' },
    { p2p: 'node:26656' },
    { publicUrl: 'http://plain.example' },
    { p2p: null, nodeId: null, publicUrl: null },
  ])('may be %o', (changes) => expect(code(changes)).toBe(null));

  test.each([
    { http: 'http://node.example' },
    { http: 'https://node.example:65536' },
    { http: 'https://node.example:0' },
    { http: 'https://user@node.example' },
    { http: `https://node.example/${'a'.repeat(500)}` },
    { p2p: 'node.example' },
    { p2p: 'tcp://node.example:1' },
    { nodeId: new Uint8Array(19) },
    { ca: new Uint8Array(0) },
    { ca: new Uint8Array(4_097) },
    { publicUrl: 'ftp://node.example' },
    { publicUrl: '' },
  ])('is not %o', (changes) => expect(code(changes)).toBe('field_value'));
});

describe('a change of keys', () => {
  const parsed = parseProposal(memberSamples.keyChange);
  const code = (changes: Partial<KeyChange>) => {
    if (!parsed.ok) throw new Error(parsed.code);
    const change = { ...(parsed.value.change as KeyChange), ...changes };
    return codeOf(parseProposal(encodeProposal({ ...parsed.value, change })));
  };

  test('changes something, and proves what it adds', () => {
    expect(code({})).toBe(null);
    expect(code({ retire: null })).toBe(null);
    expect(code({ add: null, proof: null })).toBe(null);
    expect(code({ retire: null, add: null, proof: null })).toBe('field_value');
    expect(code({ add: null })).toBe('field_value');
    expect(code({ proof: null })).toBe('field_value');
  });

  test('is on Ed25519 where notes and the engine know nothing else', () => {
    const add = signer(-7, 3).key;
    for (const role of ['log', 'cosigner', 'node'] as const) {
      expect(code({ role, add })).toBe('field_value');
    }
    for (const role of ['member', 'gateway'] as const) expect(code({ role, add })).toBe(null);
  });
});

test('a grant does not end before it begins', () => {
  const code = (fromLeaf: number, untilLeaf: number | null) => {
    const fields = { logTimeMs: NOW_MS, device: DEVICE, to: MEMBER, reason: 'r' };
    return codeOf(parseGrant(encodeGrant({ ...fields, fromLeaf, untilLeaf })));
  };
  expect([code(5, null), code(5, 5), code(5, 6)]).toEqual([null, null, null]);
  expect(code(5, 4)).toBe('field_value');
});
