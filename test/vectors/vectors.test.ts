import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { group } from '../support/group.ts';
import type { VectorFile } from './parser.ts';
import { parsers } from './registry.ts';

const shared = process.env['TRUEGRAIN_SHARED'] ?? join(import.meta.dirname, '../../../shared');
const root = process.env['VECTORS'] ?? join(shared, 'vectors');
const vectors = group('vectors', existsSync(root), `no ${root}`);

const NOT_A_VECTOR = /^(LICENSE|COPYING).*$|^PROVENANCE\.md$/;

function pathsUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !NOT_A_VECTOR.test(basename(file)) && statSync(join(folder, file)).isFile())
    .sort();
}

function load(path: string): VectorFile {
  const directory = dirname(path);
  const siblings = new Map<string, Uint8Array>();
  for (const name of readdirSync(join(root, directory))) {
    const file = join(root, directory, name);
    if (statSync(file).isFile()) siblings.set(name, new Uint8Array(readFileSync(file)));
  }
  return { path, bytes: siblings.get(basename(path))!, siblings };
}

vectors('third-party vectors', () => {
  const paths = pathsUnder(root);
  const folders = new Set(paths.map((path) => path.split('/')[0]!));
  const directories = existsSync(root)
    ? readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory())
    : [];

  test('every folder has a parser and at least one file', () => {
    expect(paths.length).toBeGreaterThan(0);
    expect([...folders].filter((folder) => parsers[folder] === undefined)).toEqual([]);
    expect(directories.filter((folder) => !folders.has(folder))).toEqual([]);
  });

  test.each(paths)('%s', (path) => {
    const parser = parsers[path.split('/')[0]!];
    if (parser === undefined) throw new Error(`no parser for ${path}`);
    parser(load(path));
  });

  const turned = [
    ['cose-wg-examples/sign1-tests/sign-pass-01.json', '"title"', '"fail": true, "title"'],
    ['cose-wg-examples/sign1-tests/sign-fail-02.json', '"fail":true', '"fail":false'],
    ['wycheproof/ed25519_test.json', '"result": "valid"', '"result": "invalid"'],
    ['cbor/appendix_a.json', '"hex": "1864"', '"hex": "1865"'],
  ] as const;
  const here = turned.filter(([path]) => paths.includes(path));
  test.each(here)('%s fails when its verdict is turned round', (path, from, to) => {
    const file = load(path);
    const text = new TextDecoder().decode(file.bytes);
    expect(text).toContain(from);
    const bytes = new TextEncoder().encode(text.replace(from, to));
    expect(() => parsers[path.split('/')[0]!]!({ ...file, bytes })).toThrow();
  });
});
