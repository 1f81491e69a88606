import { fromUtf8 } from '../../device-sdk/formats/bytes.ts';
import { parseCheckpointBody } from '../../device-sdk/formats/checkpoint.ts';
import {
  formatNote,
  formatVkey,
  type NoteKey,
  parseNote,
  parseVkey,
  verifyNote,
} from '../../device-sdk/formats/note.ts';
import { jsonOf, type VectorFile, type VectorParser } from './parser.ts';

interface NoteSuite {
  vkeys: string[];
  notes: { id: string; note: string; want: 'ok' | 'reject'; verified?: string[] }[];
  bad_vkeys?: string[];
}

function textOf(bytes: Uint8Array): string | null {
  return fromUtf8(bytes);
}

/** golang/mod's cases: a verdict for each note, and keys that must not parse. */
function suite(file: VectorFile): void {
  const { vkeys, notes, bad_vkeys: bad } = jsonOf(file) as NoteSuite;
  const keys: NoteKey[] = vkeys.map((text) => {
    const key = parseVkey(text);
    if (!key.ok) throw new Error(`${file.path}: ${key.code} for ${text}`);
    return key.value;
  });
  for (const { id, note: text, want, verified } of notes) {
    const note = parseNote(text);
    const verdict = note.ok ? verifyNote(note.value, keys) : note;
    if (verdict.ok !== (want === 'ok')) throw new Error(`${id}: want ${want}`);
    if (!verdict.ok) continue;
    const names = verdict.value.verified.map(({ name }) => name);
    if (`${names}` !== `${verified ?? names}`) throw new Error(`${id}: verified ${names}`);
  }
  for (const text of bad ?? []) {
    if (parseVkey(text).ok) throw new Error(`accepted ${text}`);
  }
}

/** Without a verdict of its own: it parses and prints back as itself, or is refused with a code. */
function vkey(file: VectorFile): void {
  const text = textOf(file.bytes)?.trimEnd();
  const key = text === undefined ? null : parseVkey(text);
  if (!key?.ok) return;
  const { name, type, key: publicKey } = key.value;
  if (formatVkey(name, type, publicKey) !== text) throw new Error(`${file.path}: other text`);
}

function note(file: VectorFile): void {
  const text = textOf(file.bytes);
  const parsed = text === null ? null : parseNote(text);
  if (!parsed?.ok) return;
  if (formatNote(parsed.value) !== text) throw new Error(`${file.path}: other text`);
  parseCheckpointBody(parsed.value.text);
  const sibling = file.siblings.get(
    file.path
      .split('/')
      .at(-1)!
      .replace(/\.txt$/, '.vkey'),
  );
  const key = sibling === undefined ? null : parseVkey(textOf(sibling)?.trimEnd() ?? '');
  if (!key?.ok) return;
  const verdict = verifyNote(parsed.value, [key.value]);
  if (!verdict.ok && verdict.code === undefined) throw new Error(`${file.path}: no code`);
}

export const c2spNote: VectorParser = (file) => {
  if (file.path.endsWith('.json')) suite(file);
  else if (file.path.endsWith('.vkey')) vkey(file);
  else note(file);
};
