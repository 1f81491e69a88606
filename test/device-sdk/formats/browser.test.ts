import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../device-sdk/formats/bytes.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';

const formats = join(import.meta.dirname, '../../../device-sdk/formats');

/** Every file of formats/ in one script for a browser: a `node:` import anywhere fails the build. */
async function bundle(): Promise<string> {
  const files = readdirSync(formats).filter((file) => file.endsWith('.ts'));
  const lines = files.map((file, i) => `export * as f${i} from './${file}';`);
  const named = ['signature', 'cose-sign1', 'cbor'].map((name) => `export * from './${name}.ts';`);
  const built = await build({
    stdin: { contents: [...lines, ...named].join('\n'), resolveDir: formats, loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'formats',
    write: false,
    logLevel: 'silent',
  });
  return built.outputFiles[0]!.text;
}

describe('formats/ in a browser', () => {
  it('bundles, loads and verifies without a Node global or crypto', async () => {
    const script = await bundle();
    // A fresh realm: ECMAScript and the two text codecs, nothing else.
    const context = createContext({ TextEncoder, TextDecoder });
    runInContext(script, context);
    expect(runInContext('typeof process + typeof Buffer + typeof crypto', context)).toBe(
      'undefined'.repeat(3),
    );
    for (const alg of [-7, -8] as const) {
      const signer = softSigner(alg, new Uint8Array(32).fill(0x55));
      const message = utf8('a reading');
      const signature = signer.sign(message);
      const { key } = signer;
      const y = key.kty === 'EC2' ? [...key.y] : [];
      const given = {
        alg,
        ...key,
        x: [...key.x],
        y,
        message: [...message],
        signature: [...signature],
      };
      Object.assign(context, { given: JSON.stringify(given) });
      const verdicts = runInContext(
        `(() => {
          const g = JSON.parse(given);
          const key = { kty: g.kty, crv: g.crv, x: Uint8Array.from(g.x), y: Uint8Array.from(g.y) };
          const message = Uint8Array.from(g.message);
          const signature = Uint8Array.from(g.signature);
          const verify = () => formats.verifySignature({ alg: g.alg, key, message, signature });
          const good = formats.checkPublicKey(key).ok && verify();
          message[0] ^= 1;
          return JSON.stringify([good, verify()]);
        })()`,
        context,
      );
      expect(verdicts).toBe('[true,false]');
    }
    const parsed = runInContext(
      `formats.parseCbor(formats.encodeCbor(new Map([[1, ['水', 1.5, 2n ** 60n]]]))).value.get(1).join()`,
      context,
    );
    expect(parsed).toBe('水,1.5,1152921504606846976');
  });
});
