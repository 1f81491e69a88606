import { fromBase64 } from '../../device-sdk/formats/bytes.ts';
import { verifyConsistency, verifyInclusion } from '../../device-sdk/formats/merkle.ts';
import { jsonOf, type VectorParser } from './parser.ts';

interface Common {
  proof: string[] | null;
  wantErr: boolean;
}

interface Inclusion extends Common {
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
}

interface Consistency extends Common {
  size1: number;
  size2: number;
  root1: string;
  root2: string;
}

/** Text that isn't canonical base64 becomes a hash of no length, which no verification takes. */
function hashOf(text: string): Uint8Array {
  return fromBase64(text) ?? new Uint8Array(0);
}

function accepts(vector: Inclusion | Consistency): boolean {
  const path = (vector.proof ?? []).map(hashOf);
  if ('leafIdx' in vector) {
    const { leafIdx: index, treeSize: size } = vector;
    const [root, leafHash] = [hashOf(vector.root), hashOf(vector.leafHash)];
    return verifyInclusion({ index, size, leafHash, path, root });
  }
  const { size1, size2 } = vector;
  const [root1, root2] = [hashOf(vector.root1), hashOf(vector.root2)];
  return verifyConsistency({ size1, size2, root1, root2, path });
}

/** transparency-dev/merkle: one inclusion or consistency proof a file, `wantErr` says the verdict. */
export const merkle: VectorParser = (file) => {
  const vector = jsonOf(file) as Inclusion | Consistency;
  const accepted = accepts(vector);
  if (accepted === vector.wantErr) {
    throw new Error(`${file.path}: wantErr ${vector.wantErr}, but accepted ${accepted}`);
  }
};
