import { fromHex } from '../../device-sdk/formats/bytes.ts';
import type { CoseKey } from '../../device-sdk/formats/cose-key.ts';
import { checkPublicKey, verifySignature } from '../../device-sdk/formats/signature.ts';
import { backends } from '../support/native-verify.ts';
import { jsonOf, type VectorParser } from './parser.ts';

interface Case {
  message: string;
  pub_key: string;
  signature: string;
}

/** Registration plus verification refuse all of them, whatever verifies. */
export const speccheck: VectorParser = (file) => {
  const cases = jsonOf(file) as Case[];
  if (cases.length === 0) throw new Error('no cases');
  for (const [index, item] of cases.entries()) {
    const key: CoseKey = { kty: 'OKP', crv: 'Ed25519', x: fromHex(item.pub_key)! };
    const message = fromHex(item.message)!;
    const signature = fromHex(item.signature)!;
    for (const [name, native] of backends) {
      const accepted =
        checkPublicKey(key).ok && verifySignature({ alg: -8, key, message, signature, native });
      if (accepted) throw new Error(`case ${index} is accepted through ${name}`);
    }
  }
};
