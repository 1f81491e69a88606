/**
 * One file of third-party vectors. The folder it lies in chooses the parser; the verdict comes from
 * the file's own field, and a file without one must parse or be refused with a code.
 */
export interface VectorFile {
  /** Relative to the vectors folder, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Every file of the same directory by its base name, this one included. */
  readonly siblings: ReadonlyMap<string, Uint8Array>;
}

/** Throws where what we say about the file isn't what the file says about itself. */
export type VectorParser = (file: VectorFile) => void;

export function jsonOf(file: VectorFile): unknown {
  return JSON.parse(new TextDecoder().decode(file.bytes));
}
