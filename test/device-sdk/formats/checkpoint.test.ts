import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toBase64, utf8 } from '../../../device-sdk/formats/bytes.ts';
import {
  formatCheckpointBody,
  openCheckpoint,
  parseCheckpointBody,
  signCheckpoint,
} from '../../../device-sdk/formats/checkpoint.ts';
import { cosign, verifyCosignature } from '../../../device-sdk/formats/cosignature.ts';
import {
  cosignedMessage,
  encodeTimestamped,
  parseTimestamped,
} from '../../../device-sdk/formats/cosigned-message.ts';
import { EMPTY_ROOT } from '../../../device-sdk/formats/merkle.ts';
import {
  formatSignatureLine,
  type NoteSignature,
  noteKey,
  parseNote,
  parseSignatureLines,
  parseVkey,
  verifyNote,
} from '../../../device-sdk/formats/note.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';
import { group } from '../../support/group.ts';

const shared = process.env['TRUEGRAIN_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const folder = join(shared, 'vectors/c2sp-note');
const published = group('vectors', existsSync(folder), `no ${folder}`);

const origin = `ledger.example/rice/${'ab'.repeat(32)}`;
const root = new Uint8Array(32).fill(7);
const checkpoint = { origin, size: 42, root };
const body = `${origin}\n42\n${toBase64(root)}\n`;
const signer = softSigner(-8, new Uint8Array(32).fill(1));
const witness = softSigner(-8, new Uint8Array(32).fill(2));
const logKey = noteKey(origin, 1, signer.key.x);
const witnessKey = noteKey('witness.example/w1', 4, witness.key.x);
const note = signCheckpoint({ checkpoint, signer });
const cosigned = cosign(body, {
  name: witnessKey.name,
  signer: witness,
  timeSeconds: 1_760_000_000,
});

function lineOf(text: string): NoteSignature {
  const lines = parseSignatureLines(text);
  if (!lines.ok) throw new Error(lines.detail);
  return lines.value[0]!;
}

describe('checkpoint, C2SP tlog-checkpoint', () => {
  it('writes and reads the body', () => {
    expect(formatCheckpointBody(checkpoint)).toBe(body);
    expect(parseCheckpointBody(body)).toEqual({
      ok: true,
      value: { ...checkpoint, extensions: [] },
    });
    expect(parseCheckpointBody(`${body}ext 1\next 2\n`)).toMatchObject({
      value: { extensions: ['ext 1', 'ext 2'] },
    });
    const largest = { ...checkpoint, size: Number.MAX_SAFE_INTEGER };
    expect(parseCheckpointBody(formatCheckpointBody(largest))).toMatchObject({ value: largest });
    expect(formatCheckpointBody({ origin, size: 0, root: EMPTY_ROOT })).toContain('\n0\n47DEQ');
  });

  const bad: [string, string][] = [
    ['no final newline', body.trimEnd()],
    ['an empty origin', body.replace(origin, '')],
    ['a leading zero', body.replace('\n42', '\n042')],
    ['a sign', body.replace('\n42', '\n+42')],
    ['a space', body.replace('\n42', '\n42 ')],
    ['other digits', body.replace('\n42', '\n٤٢')],
    ['an exponent', body.replace('\n42', '\n4e1')],
    ['2^53', body.replace('\n42', '\n9007199254740992')],
    ['17 digits', body.replace('\n42', '\n99999999999999999')],
    ['a short root', body.replace(/[^\n]+\n$/, `${toBase64(root.subarray(1))}\n`)],
    ['a loose root', body.replace('Bwc=', 'Bwd=')],
    ['no root', `${origin}\n42\n`],
    ['a root for no leaves', body.replace('\n42', '\n0')],
    ['an empty extension line', `${body}\n`],
    ['nothing', ''],
  ];
  it.each(bad)('refuses %s', (_, text) => {
    expect(parseCheckpointBody(text)).toMatchObject({ ok: false, code: 'checkpoint_malformed' });
  });

  it('never signs what a strict reader refuses', () => {
    for (const wrong of [
      { origin: 'a\nb' },
      { size: -1 },
      { size: 1.5 },
      { root: new Uint8Array(3) },
    ]) {
      expect(() => signCheckpoint({ checkpoint: { ...checkpoint, ...wrong }, signer })).toThrow(
        TypeError,
      );
    }
    const spaced = { ...checkpoint, origin: 'go.sum database tree' };
    expect(() => signCheckpoint({ checkpoint: spaced, signer })).toThrow('key name');
  });

  it('opens under the log key of its origin and no other', () => {
    const opened = openCheckpoint(note + cosigned, [logKey, witnessKey]);
    expect(opened).toMatchObject({ ok: true, value: { checkpoint } });
    expect(opened.ok && opened.value.verified.map(({ name }) => name)).toEqual([
      origin,
      witnessKey.name,
    ]);
    expect(openCheckpoint(note + cosigned, [witnessKey])).toMatchObject({
      code: 'note_unverified',
    });
    const elsewhere = noteKey('other.example', 1, signer.key.x);
    expect(openCheckpoint(note, [elsewhere])).toMatchObject({ code: 'note_unverified' });
    expect(openCheckpoint(note.replace('\n42', '\n43'), [logKey])).toMatchObject({
      code: 'note_signature',
    });
  });
});

published('published checkpoints', () => {
  it('reads the Go checksum database’s, whose key has another name than its origin', () => {
    const real = readFileSync(join(folder, 'sumdb-prod-checkpoint.txt'), 'utf8');
    const vkey = readFileSync(join(folder, 'sumdb-prod-checkpoint.vkey'), 'utf8');
    const key = parseVkey(vkey.trimEnd());
    const parsed = parseNote(real);
    if (!key.ok || !parsed.ok) throw new Error('refused');
    expect(verifyNote(parsed.value, [key.value]).ok).toBe(true);
    expect(parseCheckpointBody(parsed.value.text)).toMatchObject({ value: { size: 1514086 } });
    expect(openCheckpoint(real, [key.value])).toMatchObject({ code: 'note_unverified' });
  });
});

describe('cosignature, C2SP cosignature/v1', () => {
  it('signs header, time and body', () => {
    expect(new TextDecoder().decode(cosignedMessage(body, 7n))).toBe(
      `cosignature/v1\ntime 7\n${body}`,
    );
    const line = lineOf(cosigned);
    expect(line.keyId).toEqual(witnessKey.keyId);
    expect(line.signature.length).toBe(72);
    expect(verifyCosignature({ body, signature: line, key: witnessKey })).toEqual({
      ok: true,
      value: { timeSeconds: 1_760_000_000n },
    });
  });

  it('verifies under a witness key published as type 0x01', () => {
    const published = noteKey(witnessKey.name, 1, witness.key.x);
    expect(verifyCosignature({ body, signature: lineOf(cosigned), key: published }).ok).toBe(true);
  });

  it('refuses another body, time, key or name', () => {
    const line = lineOf(cosigned);
    const late = Uint8Array.from(line.signature);
    late[7]! ^= 1;
    const claims = [
      { body: `${body}ext\n`, signature: line, key: witnessKey },
      { body, signature: { ...line, signature: late }, key: witnessKey },
      { body, signature: { ...line, signature: line.signature.subarray(8) }, key: witnessKey },
    ];
    for (const claim of claims) {
      expect(verifyCosignature(claim)).toMatchObject({ ok: false, code: 'note_signature' });
    }
    const renamed = noteKey('witness.example/w2', 4, witness.key.x);
    expect(verifyCosignature({ body, signature: line, key: renamed })).toMatchObject({
      code: 'note_unverified',
    });
    // A plain note signature over the body is no cosignature, and the other way round.
    const plain = { ...witnessKey, signature: witness.sign(utf8(body)) };
    expect(verifyCosignature({ body, signature: plain, key: witnessKey }).ok).toBe(false);
  });

  it('takes times to 2^63 − 1', () => {
    const signature = new Uint8Array(64);
    const largest = encodeTimestamped({ timeSeconds: 2n ** 63n - 1n, signature });
    expect(parseTimestamped(largest)?.timeSeconds).toBe(2n ** 63n - 1n);
    expect(() => encodeTimestamped({ timeSeconds: 2n ** 63n, signature })).toThrow(RangeError);
    expect(() => encodeTimestamped({ timeSeconds: -1n, signature })).toThrow(RangeError);
    const past = Uint8Array.from(largest);
    past[0] = 0x80;
    expect(parseTimestamped(past)).toBeNull();
    expect(parseTimestamped(largest.subarray(1))).toBeNull();
  });

  it('keeps the latest of two cosignatures of one witness', () => {
    const later = cosign(body, {
      name: witnessKey.name,
      signer: witness,
      timeSeconds: 1_770_000_000,
    });
    const opened = openCheckpoint(note + later + cosigned, [logKey, witnessKey]);
    expect(opened.ok && opened.value.verified.map(({ timeSeconds }) => timeSeconds)).toEqual([
      null,
      1_770_000_000n,
    ]);
  });

  it('cosigns checkpoints only, with Ed25519 only', () => {
    const es256 = softSigner(-7, new Uint8Array(32).fill(2));
    expect(() => cosign('prose\n', { name: 'w', signer: witness, timeSeconds: 1 })).toThrow(
      TypeError,
    );
    expect(() => cosign(body, { name: 'w', signer: es256, timeSeconds: 1 })).toThrow(TypeError);
    expect(formatSignatureLine(lineOf(cosigned))).toBe(cosigned);
  });
});
