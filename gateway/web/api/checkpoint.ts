// A checkpoint as it stands (C2SP tlog-checkpoint), for showing; its signatures are checked in verify/.

export interface ShownCheckpoint {
  readonly note: string;
  readonly origin: string;
  readonly size: number;
  /** Base64, as in the note. */
  readonly root: string;
  readonly signers: readonly string[];
}

export function shownCheckpoint(note: string): ShownCheckpoint | null {
  const [origin = '', sizeText = '', root = ''] = note.split('\n');
  const size = Number(sizeText);
  if (origin === '' || root === '' || !/^\d{1,16}$/.test(sizeText)) return null;
  const signers = [...note.matchAll(/^— (\S+) \S+$/gm)].map(([, name = '']) => name);
  return { note, origin, size, root, signers };
}
