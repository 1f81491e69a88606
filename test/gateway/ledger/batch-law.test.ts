import type { Ruling } from '@truegrain/device-sdk/formats/batch.js';
import { describe, expect, test } from 'vitest';
import { editionOf, leavesUnderEdition } from '../../../gateway/ledger/batch-law.ts';
import { LawRig } from '../../support/law-rig.ts';

const ruling = (id: Uint8Array, rule = 'cold', version = 1): Ruling => ({ id, rule, version });
const refused = (id: Uint8Array, code: 'rule' | 'range' = 'rule') => ({ id, code });
const ID = new Uint8Array(32).fill(3);

describe('the edition of a batch', () => {
  test('is none in a ledger whose charter has no law and that has no rule', () => {
    const rig = new LawRig({ law: false });
    expect(editionOf(rig.state)).toBe(null);
    const facts = rig.facts();
    expect(rig.batch([facts], { edition: 0 })).toBe('stale_batch');
    expect(rig.batch([facts], { edition: null })).toBe('ok');
  });

  test('is named once there is a rule, or a charter with law', () => {
    const old = new LawRig({ law: false });
    old.rule();
    const facts = old.facts();
    expect(old.batch([facts], { edition: null })).toBe('stale_batch');
    expect(old.batch([facts], { edition: 1 })).toBe('ok');
    const rig = new LawRig();
    const first = rig.facts();
    expect(rig.batch([first], { edition: null })).toBe('stale_batch');
    expect(rig.batch([first], { edition: 0 })).toBe('ok');
  });

  test('is the one at its own place, not the one that it was judged under', () => {
    const rig = new LawRig();
    rig.rule();
    rig.rule({ id: 'warm' });
    const facts = rig.facts();
    for (const edition of [1, 3]) expect(rig.batch([facts], { edition })).toBe('stale_batch');
    expect(rig.batch([facts], { edition: 2 })).toBe('ok');
  });

  test('is one: none spans the beginning of a rule', () => {
    const rig = new LawRig();
    rig.rule({ fromLeaf: rig.state.size + 3 });
    expect(leavesUnderEdition(rig.state)).toBe(2);
    const facts = [rig.facts(), rig.facts(), rig.facts()];
    expect(rig.batch(facts)).toBe('stale_batch');
    // The batch statement itself is the first leaf of the next edition.
    expect(rig.batch(facts.slice(0, 2), { edition: 0 })).toBe('ok');
    expect(editionOf(rig.state)).toBe(1);
    expect(rig.batch(facts.slice(2), { edition: 1 })).toBe('ok');
  });
});

describe('rulings', () => {
  test('of a reporting rule are about what the batch brings', () => {
    const rig = new LawRig();
    rig.rule();
    const facts = rig.facts();
    expect(rig.batch([facts], { rulings: [ruling(ID)] })).toBe('malformed');
    const beside = { refusals: [refused(ID, 'range')], rulings: [ruling(ID)] };
    expect(rig.batch([facts], beside)).toBe('malformed');
    expect(rig.batch([facts], { rulings: [ruling(facts.id)] })).toBe('ok');
  });

  test('of a refusing rule are about what the batch lists so', () => {
    const rig = new LawRig();
    rig.rule({ effect: 'refuse' });
    const facts = rig.facts();
    expect(rig.batch([facts], { rulings: [ruling(facts.id)] })).toBe('malformed');
    expect(rig.batch([facts], { refusals: [refused(ID, 'range')], rulings: [ruling(ID)] })).toBe(
      'malformed',
    );
    expect(rig.batch([facts], { refusals: [refused(ID)], rulings: [ruling(ID)] })).toBe('ok');
  });

  test('explain each refusal by a rule', () => {
    const rig = new LawRig();
    rig.rule({ effect: 'refuse' });
    rig.rule({ id: 'warm' });
    const facts = rig.facts();
    expect(rig.batch([facts], { refusals: [refused(ID)] })).toBe('malformed');
    const other = { refusals: [refused(ID)], rulings: [ruling(facts.id, 'warm')] };
    expect(rig.batch([facts], other)).toBe('malformed');
    const old = new LawRig({ law: false });
    expect(old.batch([old.facts()], { refusals: [refused(ID)] })).toBe('malformed');
  });

  test('name rules that govern there', () => {
    const rig = new LawRig();
    rig.rule();
    const facts = rig.facts();
    const by = (rule: string, version = 1) => ({ rulings: [ruling(facts.id, rule, version)] });
    expect(rig.batch([facts], by('warm'))).toBe('stale_batch');
    expect(rig.batch([facts], by('cold', 2))).toBe('stale_batch');
    rig.order('suspend', 'rule', 'cold@1');
    expect(rig.batch([facts], by('cold'))).toBe('stale_batch');
    rig.order('reinstate', 'rule', 'cold@1');
    rig.rule({ version: 2, fromLeaf: rig.state.size + 20 });
    expect(rig.batch([facts], by('cold', 2))).toBe('stale_batch');
    rig.enact({ kind: 'rule-end', action: 'retire', id: 'cold', version: 1 });
    expect(rig.batch([facts], by('cold'))).toBe('stale_batch');
    expect(rig.batch([facts])).toBe('ok');
  });
});
