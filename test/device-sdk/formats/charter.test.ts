import {
  type Charter,
  encodeCharter,
  parseCharter,
} from '@truegrain/device-sdk/formats/charter.js';
import { effectiveQuorum } from '@truegrain/device-sdk/formats/terms.js';
import { describe, expect, test } from 'vitest';
import { charter, founder, samples, signer } from '../../support/format-samples.ts';
import { codeOf } from '../../support/result-code.ts';

describe('a charter', () => {
  const [first] = charter.founders;
  const solo = (change: Partial<Charter>) =>
    codeOf(parseCharter(encodeCharter({ ...charter, ...change })));
  const two = (change: Partial<Charter['founders'][number]>, more: Partial<Charter> = {}) =>
    solo({
      mode: 'alliance',
      founders: [
        { ...first!, nodeKey: signer(-8, 6).key },
        { ...founder(20), ...change },
      ],
      ...more,
    });

  test('says what it was told', () => {
    expect(parseCharter(samples.charter)).toEqual({ ok: true, value: charter });
    expect(two({})).toBe(null);
  });

  test.each<[string, () => string | null]>([
    ['two founders in solo mode', () => two({}, { mode: 'solo' })],
    ['an alliance of one', () => solo({ mode: 'alliance' })],
    ['a quorum of more than there are', () => solo({ quorum: 2 })],
    ['more approvals than members', () => solo({ ruleApprovals: 2 })],
    ['nobody who may validate', () => solo({ validatorKinds: ['auditor'] })],
    ['no gateway', () => solo({ founders: [{ ...first!, gatewayKeys: [] }] })],
    ['a validator without a node key', () => two({ nodeKey: null })],
    [
      'one key for two jobs',
      () => solo({ founders: [{ ...first!, cosigningKey: first!.logKey }] }),
    ],
    ['one key for two members', () => two({ memberKey: first!.memberKey })],
    ['one issuer twice', () => two({ iss: first!.iss })],
    ['one cosigner name twice', () => two({ cosignerName: first!.cosignerName })],
    ['one legal entity twice', () => two({ legalId: first!.legalId })],
  ])('contradicts itself with %s', (_, code) => expect(code()).toBe('charter_contradiction'));

  test('asks for more than two thirds of its cosigners, however many there are', () => {
    expect(solo({ quorum: 'two-thirds' })).toBe(null);
    expect(solo({ quorum: 'all' as 'two-thirds' })).toBe('field_type');
    const asked = [1, 2, 3, 4, 5, 6, 7].map((count) => effectiveQuorum('two-thirds', count));
    expect(asked).toEqual([1, 2, 3, 3, 4, 5, 5]);
    expect([1, 2, 3].map((count) => effectiveQuorum(2, count))).toEqual([1, 2, 2]);
  });

  test('an auditor needs no node', () => {
    expect(two({ nodeKey: null, kind: 'auditor' })).toBe(null);
  });

  test.each<[string, Partial<Charter>]>([
    ['a name with capitals', { ledgerName: 'Ledger.example' }],
    ['a name with a plus', { ledgerName: 'ledger.example/a+b' }],
    ['a name with a space', { ledgerName: 'ledger example' }],
    ['an unknown mode', { mode: 'open' as 'solo' }],
    ['no answer term', { answerTermDays: 0 }],
    ['no quorum', { quorum: 0 }],
    ['a P-256 node key', { founders: [{ ...first!, nodeKey: signer(-7, 2).key }] }],
    ['a block no entry fits in', { bytesPerBlock: 1_000 }],
    ['a validator kind twice', { validatorKinds: ['participant', 'participant'] }],
    ['an unknown validator kind', { validatorKinds: ['king' as 'auditor'] }],
    ['no founders', { founders: [] }],
    ['a content type that is none', { inlineContentTypes: ['text'] }],
    ['an empty text', { text: '' }],
    ['a P-256 log key', { founders: [{ ...first!, logKey: signer(-7, 2).key }] }],
    ['an issuer that is no URI', { founders: [{ ...first!, iss: 'me' }] }],
    ['a cosigner name with a plus', { founders: [{ ...first!, cosignerName: 'a+b' }] }],
    [
      'an LEI that is none',
      { founders: [{ ...first!, legalId: { scheme: 'lei', value: '549300', evidence: null } }] },
    ],
  ])('is refused with %s', (_, change) => expect(solo(change)).toBe('field_value'));
});
