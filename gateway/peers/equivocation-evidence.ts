import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { syncPath, writeDurably } from '../store/durable-files.ts';
import type { Equivocation } from './equivocation.ts';

/** One pair proves it; a member that goes on lying must not fill the disk. */
const FILES_A_MEMBER_MAX = 64;
const HASH_CHARS = 8;

/** Both sides of every equivocation, as JSON that a person can read and any C2SP tool can check. */
export class EquivocationEvidence {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The file's path; null where it is known, or the member has enough of them. On disk when this
   * returns; a crash inside leaves no file, and the next one who looks finds the same again.
   */
  keep(found: Equivocation): string | null {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const prefix = `equivocation-${slugOf(found.member)}-`;
    // What was signed names the file, not who carried it here or when.
    const signed = found.sides.map(({ size, root }) => `${size} ${root}`).join('\n');
    const hash = toHex(sha256(utf8(`${found.member}\n${signed}`))).slice(0, HASH_CHARS);
    const file = join(this.#folder, `${prefix}${found.size}-${hash}.json`);
    if (existsSync(file) || this.#count(prefix) >= FILES_A_MEMBER_MAX) return null;
    writeDurably(file, `${JSON.stringify({ format: FORMAT, ...found }, null, 2)}\n`);
    syncPath(join(this.#folder, '..'));
    return file;
  }

  #count(prefix: string): number {
    return readdirSync(this.#folder).filter((name) => name.startsWith(prefix)).length;
  }
}

const FORMAT = 'truegrain-equivocation@1';

function slugOf(member: string): string {
  return member.replace(/^https:\/\//, '').replaceAll(/[^A-Za-z0-9.]+/g, '_');
}
