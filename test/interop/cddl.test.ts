import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCbor, parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { parseSign1 } from '@truegrain/device-sdk/formats/cose-sign1.js';
import { expect, test } from 'vitest';
import { samples } from '../support/format-samples.ts';
import { group } from '../support/group.ts';
import { lawSamples } from '../support/law-samples.ts';
import { memberSamples } from '../support/member-samples.ts';

const cddl = join(import.meta.dirname, '../../device-sdk/formats/truegrain.cddl');
const script = join(import.meta.dirname, 'check_cddl.py');

function hasModule(name: string): boolean {
  return spawnSync('python3', ['-c', `import ${name}`]).status === 0;
}

interface Item {
  readonly name: string;
  readonly rule: string;
  readonly bytes: Uint8Array;
}

const all = { ...samples, ...memberSamples, ...lawSamples };

/** Samples whose rule has another name. */
const RULES: Partial<Record<keyof typeof all, string>> = {
  relativePack: 'pack',
  heartbeat: 'pack',
  alliance: 'charter',
  enrolment: 'enrolment-proof',
  forcedRotation: 'rotation',
  memberStatement: 'statement',
  accepted: 'downlink',
  receipted: 'downlink',
  refused: 'downlink',
  parked: 'downlink',
  governanceEvidence: 'evidence',
  signedReport: 'signed-report',
  admission: 'proposal',
  notice: 'proposal',
  expulsion: 'proposal',
  newTerms: 'proposal',
  newRule: 'proposal',
  ruleEnd: 'proposal',
  newProfile: 'proposal',
  lawfulTerms: 'proposal',
  unitRule: 'proposal',
  windowRule: 'proposal',
  budgetRule: 'proposal',
  expressionRule: 'proposal',
  fullProfile: 'proposal',
  lawfulBatch: 'batch',
  readAnswer: 'answer',
  keyChange: 'proposal',
  retirement: 'proposal',
  bareEndpoint: 'endpoint',
  keyProof: 'key-proof',
  memberCard: 'member-card',
  batchTx: 'ledger-tx',
  governanceTx: 'ledger-tx',
};

function sign1(bytes: Uint8Array) {
  const parsed = parseSign1(bytes);
  if (!parsed.ok || parsed.value.payload === null) throw new Error('not a COSE_Sign1');
  return { header: parsed.value.protectedBytes, payload: parsed.value.payload };
}

const whole = (Object.keys(all) as (keyof typeof all)[]).map((name): Item => {
  return { name, rule: RULES[name] ?? name, bytes: all[name] };
});
/** What lies in byte strings, on its own: not every tool looks into them. */
const embedded: Item[] = [
  { name: 'header', rule: 'protected-header', bytes: sign1(samples.statement).header },
  { name: 'batch header', rule: 'protected-header', bytes: sign1(samples.memberStatement).header },
  { name: 'proof header', rule: 'enrolment-header', bytes: sign1(samples.enrolment).header },
  { name: 'key proof header', rule: 'key-proof-header', bytes: sign1(all.keyProof).header },
  { name: 'key proof payload', rule: 'key-proof-payload', bytes: sign1(all.keyProof).payload },
  { name: 'report header', rule: 'report-header', bytes: sign1(samples.signedReport).header },
  { name: 'proof request', rule: 'enrolment-request', bytes: sign1(samples.enrolment).payload },
];
const items = [...whole, ...embedded];

function withoutEachField({ name, rule, bytes }: Item): Item[] {
  const parsed = parseCbor(bytes);
  if (!parsed.ok || !(parsed.value instanceof Map)) return [];
  const map = parsed.value;
  return [...map.keys()].map((key) => {
    const less = new Map(map);
    less.delete(key);
    return { name: `${name} without ${key}`, rule, bytes: encodeCbor(less) };
  });
}

for (const tool of ['pycddl', 'cddl_verifier']) {
  // CI asks for the first by the name interop; the second looks deeper where it is installed.
  const name = tool === 'pycddl' ? 'interop' : tool;
  const interop = group(name, hasModule(tool), `no ${tool} for python3`);

  function validate(what: Item[]): Record<string, string | null> {
    const hexed = what.map(({ name, rule, bytes }) => ({ name, rule, hex: toHex(bytes) }));
    const input = JSON.stringify({ cddl, items: hexed });
    const run = spawnSync('python3', [script, tool], { input, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    return JSON.parse(run.stdout) as Record<string, string | null>;
  }

  function valid(what: Item[]): string[] {
    return Object.entries(validate(what)).flatMap(([name, reason]) => (reason ? [] : [name]));
  }

  interop(`truegrain.cddl, read by ${tool}`, () => {
    test('every structure our code writes is valid', () => {
      expect(validate(items)).toEqual(Object.fromEntries(items.map(({ name }) => [name, null])));
    });

    test('and not because the rules let everything pass: no field can be left out', () => {
      const less = items.flatMap(withoutEachField);
      expect(less.length).toBeGreaterThan(100);
      // An answer need not say which text was read; that 8 and 9 go together the parser says.
      expect(valid(less)).toEqual([
        'lawfulBatch without 8',
        'lawfulBatch without 9',
        'readAnswer without textDigest',
      ]);
    });

    test('nor is one structure another', () => {
      const rules = [
        ...['acceptance', 'revocation', 'erasure', 'batch', 'boot', 'gap', 'pack'],
        ...['answer', 'exception', 'departure', 'endpoint', 'grant'],
        ...['order', 'appeal', 'credential', 'tap', 'seal', 'claim', 'filing', 'inspection'],
      ];
      const crossed = whole
        .filter(({ name }) => rules.includes(name))
        .flatMap(({ name, bytes }) =>
          rules.map((rule) => ({ name: `${name} as ${rule}`, rule, bytes })),
        );
      expect(valid(crossed).toSorted()).toEqual(
        rules.map((rule) => `${rule} as ${rule}`).toSorted(),
      );
    });
  });
}
