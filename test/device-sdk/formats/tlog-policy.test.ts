import { describe, expect, it } from 'vitest';
import { signCheckpoint } from '../../../device-sdk/formats/checkpoint.ts';
import { cosign } from '../../../device-sdk/formats/cosignature.ts';
import { formatVkey, parseNote } from '../../../device-sdk/formats/note.ts';
import { type Signer, softSigner } from '../../../device-sdk/formats/signer.ts';
import {
  evaluatePolicy,
  formatPolicy,
  isQuorumMet,
  type Policy,
  parsePolicy,
} from '../../../device-sdk/formats/tlog-policy.ts';

const origin = 'ledger.example/rice';
const signers = Array.from({ length: 8 }, (_, i) => softSigner(-8, new Uint8Array(32).fill(i + 1)));
const [log, member, x1, x2, x3, y1, y2, stranger] = signers as [
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
];

function vkey(name: string, type: 1 | 4, signer: Signer): string {
  if (signer.key.kty !== 'OKP') throw new Error('Ed25519 only');
  return formatVkey(name, type, signer.key.x);
}

// The specification's example: two groups, two of three X and any Y. X1 is published as type 0x01.
const text = `# the alliance
log ${vkey(origin, 1, log)}
log ${vkey(origin, 1, member)} https://member.example/log/

witness X1 ${vkey('x1.example', 1, x1)}
witness X2 ${vkey('x2.example', 4, x2)} https://x2.example/
  witness\tX3  ${vkey('x3.example', 4, x3)}\t
group X-witnesses 2 X1 X2 X3

witness Y1 ${vkey('y1.example', 4, y1)}
witness Y2 ${vkey('y2.example', 4, y2)}
group Y-witnesses any Y1 Y2

   # both
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

function policyOf(policyText: string): Policy {
  const policy = parsePolicy(policyText);
  if (!policy.ok) throw new Error(policy.detail);
  return policy.value;
}

const policy = policyOf(text);
const checkpoint = { origin, size: 9, root: new Uint8Array(32).fill(9) };
const base = signCheckpoint({ checkpoint, signer: log });
const parsedBase = parseNote(base);
const body = parsedBase.ok ? parsedBase.value.text : '';
const by = (name: string, signer: Signer) => cosign(body, { name, signer, timeSeconds: 1000 });
const lines = {
  x1: by('x1.example', x1),
  x2: by('x2.example', x2),
  y2: by('y2.example', y2),
  stranger: by('stranger.example', stranger),
};

function verdictOf(noteText: string, under: Policy = policy) {
  const verdict = evaluatePolicy(under, noteText);
  if (!verdict.ok) throw new Error(`${verdict.code} ${verdict.detail}`);
  return verdict.value;
}

describe('policy file, C2SP tlog-policy', () => {
  it('reads the specification’s shape and writes one form of it', () => {
    expect(policy.logs.map(({ url }) => url)).toEqual([null, 'https://member.example/log/']);
    expect(policy.witnesses.map(({ name, key }) => [name, key.type])).toEqual([
      ['X1', 4],
      ['X2', 4],
      ['X3', 4],
      ['Y1', 4],
      ['Y2', 4],
    ]);
    expect(policy.groups[0]).toEqual({
      name: 'X-witnesses',
      threshold: 2,
      members: ['X1', 'X2', 'X3'],
    });
    expect(policy.quorum).toBe('X-and-Y');
    const written = formatPolicy(policy);
    expect(policyOf(written)).toEqual(policy);
    expect(formatPolicy(policyOf(written))).toBe(written);
    expect(() => formatPolicy({ ...policy, quorum: 'nobody' })).toThrow(TypeError);
  });

  it('takes names as opaque octets', () => {
    const kelvin = `witness K ${vkey('a', 4, x1)}\nwitness \u212a ${vkey('b', 4, x2)}\nquorum \u212a\n`;
    expect(policyOf(kelvin).witnesses.map(({ name }) => name)).toEqual(['K', '\u212a']);
    const nbsp = `witness a\u00a0b ${vkey('a', 4, x1)}\nquorum a\u00a0b\n`;
    expect(policyOf(nbsp).quorum).toBe('a\u00a0b');
  });

  const w = `witness W ${vkey('w', 4, x1)}\n`;
  const bad: [string, string, string][] = [
    ['no quorum', w, 'policy_malformed'],
    ['two quorums', `${w}quorum W\nquorum W\n`, 'policy_duplicate'],
    ['a quorum before its definition', `quorum W\n${w}`, 'policy_name'],
    ['a group before its member', `group G any W\n${w}quorum G\n`, 'policy_name'],
    ['a group of itself', `group G any G\nquorum G\n`, 'policy_name'],
    ['a taken name', `${w}group W any W\nquorum W\n`, 'policy_name'],
    ['none as a name', `${w}group none any W\nquorum none\n`, 'policy_name'],
    ['none as a member', `${w}group G any none W\nquorum G\n`, 'policy_name'],
    ['a member twice', `${w}group G any W W\nquorum G\n`, 'policy_name'],
    ['a member of two groups', `${w}group G any W\ngroup H any W\nquorum G\n`, 'policy_name'],
    ['an empty group', `${w}group G any\nquorum G\n`, 'policy_malformed'],
    ['threshold 0', `${w}group G 0 W\nquorum G\n`, 'policy_malformed'],
    ['threshold 2 of 1', `${w}group G 2 W\nquorum G\n`, 'policy_malformed'],
    ['threshold 01', `${w}group G 01 W\nquorum G\n`, 'policy_malformed'],
    [
      'one key under two witnesses',
      `${w}witness V ${vkey('v', 1, x1)}\nquorum W\n`,
      'policy_duplicate',
    ],
    [
      'one key under two logs',
      `log ${vkey('a', 1, log)}\nlog ${vkey('b', 1, log)}\nquorum none\n`,
      'policy_duplicate',
    ],
    ['a cosigner as log', `log ${vkey('a', 4, log)}\nquorum none\n`, 'note_key_type'],
    ['a broken vkey', 'log a+00000000+AAAA\nquorum none\n', 'note_key_type'],
    ['an unknown keyword', 'quota none\n', 'policy_malformed'],
    ['an item too many', `${w}quorum W W\n`, 'policy_malformed'],
    ['no final newline', `${w}quorum W`, 'policy_malformed'],
    ['a carriage return', `${w}quorum W\r\n`, 'policy_malformed'],
    ['a DEL', `${w}#\u007f\nquorum W\n`, 'policy_malformed'],
    ['nothing', '', 'policy_malformed'],
  ];
  it.each(bad)('refuses %s', (_, policyText, code) => {
    expect(parsePolicy(policyText)).toMatchObject({ ok: false, code });
  });

  it('takes 32 logs, witnesses and groups, and a cap', () => {
    let many = '';
    for (let i = 0; i < 32; i++) {
      const signer = softSigner(-8, new Uint8Array(32).fill(100 + i));
      many += `log ${vkey('l', 1, signer)}\nwitness w${i} ${vkey('w', 4, signer)}\n`;
      many += `group g${i} any w${i}${i > 0 ? ` g${i - 1}` : ''}\n`;
    }
    expect(policyOf(`${many}quorum g31\n`).groups.length).toBe(32);
    expect(parsePolicy('#'.repeat(300_000))).toMatchObject({ code: 'policy_too_large' });
  });
});

describe('policy verdict', () => {
  it('counts logs and distinct witnesses and says whether the quorum is met', () => {
    const met = verdictOf(base + lines.x1 + lines.x2 + lines.y2 + lines.stranger);
    expect(met.witnesses.map(({ name, timeSeconds }) => [name, timeSeconds])).toEqual([
      ['X1', 1000n],
      ['X2', 1000n],
      ['Y2', 1000n],
    ]);
    expect(met).toMatchObject({ checkpoint, quorumMet: true, satisfied: true });
    expect(met.logs.length).toBe(1);
    const short = verdictOf(base + lines.x1 + lines.x1 + lines.y2);
    expect(short).toMatchObject({ quorumMet: false, satisfied: false });
    expect(short.witnesses.map(({ name }) => name)).toEqual(['X1', 'Y2']);
  });

  it('is satisfied by any listed log, and by none without one', () => {
    const other = signCheckpoint({ checkpoint, signer: member });
    const cosignatures = lines.x1 + lines.x2 + lines.y2;
    expect(verdictOf(other + cosignatures).satisfied).toBe(true);
    const unlisted = signCheckpoint({ checkpoint, signer: stranger });
    const verdict = verdictOf(unlisted + cosignatures);
    expect(verdict).toMatchObject({ logs: [], quorumMet: true, satisfied: false });
    expect(evaluatePolicy(policy, unlisted)).toMatchObject({ code: 'note_unverified' });
  });

  it('does not take a log key’s signature for another origin', () => {
    const foreign = policyOf(
      `log ${vkey('other.example', 1, log)}\nlog ${vkey(origin, 1, member)}\nquorum none\n`,
    );
    const other = signCheckpoint({
      checkpoint: { ...checkpoint, origin: 'other.example' },
      signer: log,
    });
    expect(verdictOf(other, foreign).satisfied).toBe(true);
    expect(evaluatePolicy(foreign, base)).toMatchObject({ code: 'note_unverified' });
  });

  it('refuses the note where a listed key’s signature fails', () => {
    const moved = cosign(body.replace('\n9\n', '\n8\n'), {
      name: 'x1.example',
      signer: x1,
      timeSeconds: 1,
    });
    expect(evaluatePolicy(policy, base + moved)).toMatchObject({ code: 'note_signature' });
    expect(evaluatePolicy(policy, 'prose\n')).toMatchObject({ code: 'note_malformed' });
  });

  it('settles quorums: a witness, none, thresholds, nested groups', () => {
    expect(isQuorumMet({ ...policy, quorum: 'none' }, new Set())).toBe(true);
    expect(isQuorumMet({ ...policy, quorum: 'X1' }, new Set(['X1']))).toBe(true);
    expect(isQuorumMet({ ...policy, quorum: 'X1' }, new Set(['X2']))).toBe(false);
    expect(isQuorumMet({ ...policy, quorum: 'Y-witnesses' }, new Set(['Y1']))).toBe(true);
    expect(isQuorumMet(policy, new Set(['X1', 'X3', 'Y1']))).toBe(true);
    expect(isQuorumMet(policy, new Set(['X1', 'X2', 'X3']))).toBe(false);
    expect(isQuorumMet(policy, new Set(['X-witnesses', 'Y-witnesses', 'X-and-Y']))).toBe(false);
  });
});
