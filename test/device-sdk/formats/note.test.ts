import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toBase64 } from '../../../device-sdk/formats/bytes.ts';
import {
  cosignerKey,
  formatNote,
  formatSignatureLine,
  formatVkey,
  NOTE_SIGNATURES_MAX,
  type Note,
  noteKey,
  noteKeyId,
  parseNote,
  parseSignatureLines,
  parseVkey,
  signNoteLine,
  verifyNote,
} from '../../../device-sdk/formats/note.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';
import { group } from '../../support/group.ts';

const shared = process.env['TRUEGRAIN_SHARED'] ?? join(import.meta.dirname, '../../../../shared');
const folder = join(shared, 'vectors/c2sp-note');
const published = group('vectors', existsSync(folder), `no ${folder}`);

const signer = softSigner(-8, new Uint8Array(32).fill(1));
const other = softSigner(-8, new Uint8Array(32).fill(2));
const text = 'first\n\nsecond after an empty line\n';
const line = signNoteLine(text, { name: 'a.example', signer });
const otherLine = signNoteLine(text, { name: 'b.example', signer: other });
const key = noteKey('a.example', 1, signer.key.x);
const otherKey = noteKey('b.example', 1, other.key.x);

function noteOf(noteText: string): Note {
  const note = parseNote(noteText);
  if (!note.ok) throw new Error(note.detail);
  return note.value;
}

published('published notes', () => {
  it('verifies the specification’s example under its vkey', () => {
    const example = readFileSync(join(folder, 'signed-note-example.txt'), 'utf8');
    const vkeyText = readFileSync(join(folder, 'signed-note-example.vkey'), 'utf8').trimEnd();
    const vkey = parseVkey(vkeyText);
    if (!vkey.ok) throw new Error(vkey.detail);
    expect(formatVkey('example.com/foo', 1, vkey.value.key)).toBe(vkeyText);
    expect(verifyNote(noteOf(example), [vkey.value])).toEqual({
      ok: true,
      value: { verified: [{ ...vkey.value, timeSeconds: null }] },
    });
    expect(formatNote(noteOf(example))).toBe(example);
  });
});

describe('note, C2SP signed-note', () => {
  it('splits at the last empty line', () => {
    const note = noteOf(`${text}\n${line}`);
    expect(note.text).toBe(text);
    expect(note.signatures.map(({ name }) => name)).toEqual(['a.example']);
    expect(verifyNote(note, [key]).ok).toBe(true);
  });

  it('ignores unknown signatures, even under a known name or a known id', () => {
    const foreign = formatSignatureLine({
      name: 'a.example',
      keyId: otherKey.keyId,
      signature: new Uint8Array(64),
    });
    const sameId = formatSignatureLine({
      name: 'c.example',
      keyId: key.keyId,
      signature: new Uint8Array(7),
    });
    const note = noteOf(`${text}\n${foreign}${sameId}${line}${otherLine}`);
    expect(verifyNote(note, [key])).toMatchObject({ ok: true, value: { verified: [key] } });
  });

  it('refuses the whole note where a known signature fails', () => {
    const bad = formatSignatureLine({ ...otherKey, signature: new Uint8Array(64) });
    const note = noteOf(`${text}\n${line}${bad}`);
    expect(verifyNote(note, [key]).ok).toBe(true);
    expect(verifyNote(note, [key, otherKey])).toMatchObject({ code: 'note_signature' });
    const twice = noteOf(
      `${text}\n${line}${formatSignatureLine({ ...key, signature: new Uint8Array(64) })}`,
    );
    expect(verifyNote(twice, [key])).toMatchObject({ code: 'note_signature' });
  });

  it('refuses a note that no known key signed, and a changed text', () => {
    expect(verifyNote(noteOf(`${text}\n${line}`), [otherKey])).toMatchObject({
      code: 'note_unverified',
    });
    expect(verifyNote(noteOf(`x${text}\n${line}`), [key])).toMatchObject({
      code: 'note_signature',
    });
  });

  it('counts a key that signed twice once, and refuses two keys under one name and id', () => {
    const note = noteOf(`${text}\n${line}${line}`);
    const verdict = verifyNote(note, [key, { ...key }]);
    expect(verdict.ok && verdict.value.verified.length).toBe(1);
    const twin = { ...otherKey, name: key.name, keyId: key.keyId };
    expect(verifyNote(note, [key, twin])).toMatchObject({ code: 'note_key' });
  });

  it('takes 16 and 100 signatures, not 101', () => {
    for (const count of [16, NOTE_SIGNATURES_MAX]) {
      expect(noteOf(`${text}\n${line.repeat(count)}`).signatures.length).toBe(count);
    }
    expect(parseNote(`${text}\n${line.repeat(101)}`)).toMatchObject({ code: 'note_too_large' });
  });

  const encoded = line.split(' ')[2]!.trim();
  const bad: [string, string][] = [
    ['no signatures', text],
    ['an empty line and nothing', `${text}\n`],
    ['no final newline', `${text}\n${line.trimEnd()}`],
    ['a control character', `\u0001${text}\n${line}`],
    ['a tab', `\t${text}\n${line}`],
    ['a carriage return', `${text}\n${line.replace('\n', '\r\n')}`],
    ['a lone surrogate', `\ud800${text}\n${line}`],
    ['a byte order mark', `\ufeff${text}\n${line}`],
    ['a hyphen for the dash', `${text}\n${line.replace('—', '-')}`],
    ['two spaces', `${text}\n${line.replace('— ', '—  ')}`],
    ['a trailing space', `${text}\n${line.replace('\n', ' \n')}`],
    ['a plus in the name', `${text}\n${line.replace('a.ex', 'a+ex')}`],
    ['a no-break space in the name', `${text}\n${line.replace('a.ex', 'a\u00a0ex')}`],
    ['unpadded base64', `${text}\n${line.replaceAll('=', '')}`],
    [
      'base64url',
      `${text}\n${formatSignatureLine({ ...key, signature: new Uint8Array(64).fill(255) }).replaceAll('/', '_')}`,
    ],
    [
      'loose padding bits',
      `${text}\n${line.replace(/.=\n$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=\n`)}`,
    ],
    ['a key id and no signature', `${text}\n— a.example ${toBase64(key.keyId)}\n`],
    ['a base64 line break', `${text}\n— a.example ${encoded.slice(0, 40)}\n${encoded.slice(40)}\n`],
  ];
  it.each(bad)('refuses %s', (_, noteText) => {
    expect(parseNote(noteText)).toMatchObject({ ok: false, code: 'note_malformed' });
  });

  it('reads signature lines alone, as a witness answers them', () => {
    expect(parseSignatureLines(line + otherLine)).toMatchObject({ ok: true });
    expect(parseSignatureLines('')).toMatchObject({ ok: false, code: 'note_malformed' });
    expect(parseSignatureLines(`${line}\n`)).toMatchObject({ ok: false, code: 'note_malformed' });
  });

  it('throws for names and texts that no reader would take back', () => {
    expect(() => noteKey('a b', 1, signer.key.x)).toThrow(TypeError);
    expect(() => noteKey('', 1, signer.key.x)).toThrow(TypeError);
    expect(() => noteKey('a', 1, new Uint8Array(31))).toThrow(TypeError);
    expect(() => formatNote({ text: 'no newline', signatures: [] })).toThrow(TypeError);
    const es256 = softSigner(-7, new Uint8Array(32).fill(1));
    expect(() => signNoteLine(text, { name: 'a', signer: es256 })).toThrow(TypeError);
  });
});

describe('vkeys', () => {
  it('recomputes a witness key published as type 0x01', () => {
    const witness = cosignerKey(key);
    expect(witness.keyId).toEqual(noteKeyId('a.example', 4, key.key));
    expect(witness.keyId).not.toEqual(key.keyId);
    expect(cosignerKey(witness)).toBe(witness);
  });

  const vkey = formatVkey('a.example', 1, signer.key.x);
  const torsion = new Uint8Array(32);
  torsion[0] = 1;
  const bad: [string, string, string][] = [
    ['an id of another key', vkey.replace(/\+.{8}\+/, '+00000000+'), 'note_key'],
    ['upper-case hex', vkey.replace(/\+(.{8})\+/, (id) => id.toUpperCase()), 'note_key'],
    ['no name', vkey.slice('a.example'.length), 'note_key'],
    ['a space', vkey.replace('a.', 'a '), 'note_key'],
    ['loose base64', `${vkey}=`, 'note_key'],
    ['a short key', vkey.slice(0, -4), 'note_key'],
    ['an unknown type', formatVkey('a', 4, signer.key.x).replace('+BI', '+Bo'), 'note_key_type'],
    ['the neutral point', formatVkey('a', 1, torsion), 'key_small_order'],
    ['no key at all', 'a.example', 'note_key'],
  ];
  it.each(bad)('refuses %s', (_, text, code) => {
    expect(parseVkey(text)).toMatchObject({ ok: false, code });
  });
});
