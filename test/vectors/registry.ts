import { c2spNote } from './c2sp-note.ts';
import { cbor } from './cbor.ts';
import { coseWg } from './cose-wg-examples.ts';
import { speccheck } from './ed25519-speccheck.ts';
import { merkle } from './merkle.ts';
import type { VectorParser } from './parser.ts';
import { rfc9942 } from './rfc9942-draft-examples.ts';
import { ccfLedger } from './scitt-ccf-ledger.ts';
import { scittCoseV1 } from './scitt-cose-v1.ts';
import { senml } from './senml.ts';
import { wycheproof } from './wycheproof.ts';

/** Folder → parser. A folder that isn't here fails the run: nothing is skipped silently. */
export const parsers: Readonly<Record<string, VectorParser>> = {
  'c2sp-note': c2spNote,
  cbor,
  'cose-wg-examples': coseWg,
  'ed25519-speccheck': speccheck,
  merkle,
  'rfc9942-draft-examples': rfc9942,
  'scitt-ccf-ledger': ccfLedger,
  'scitt-cose-v1': scittCoseV1,
  senml,
  wycheproof,
};
