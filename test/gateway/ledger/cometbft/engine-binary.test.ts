import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cachedEngine, findEngine } from '../../../../gateway/ledger/cometbft/engine-binary.ts';
import { buildEngine } from '../../../../gateway/ledger/cometbft/engine-build.ts';

const SUM = 'h1:MIPYgOSvyyiN1jo3SZljKy4ZXqs896aQnj3pQFfUmaE=';

let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-binary-'));
  env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(file: string, script: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

function engineOf(version: string, file: string): string {
  return program(file, `test "$1" = version && echo ${version}`);
}

test('none: says how to get one', async () => {
  expect(await findEngine(env)).toMatchObject({
    code: 'engine_missing',
    detail: expect.stringContaining('truegrain alliance engine'),
  });
});

test('on the PATH, released or built from a commit', async () => {
  const file = engineOf('0.38.26', join(folder, 'bin/cometbft'));
  expect(await findEngine(env)).toEqual({ ok: true, value: file });
  engineOf('0.38.26+f00ba4', file);
  expect(await findEngine(env)).toEqual({ ok: true, value: file });
});

test.each(['0.38.25', '0.38.260', '1.0.1', 'v0.38.26'])(
  '%s is refused by name',
  async (version) => {
    const file = engineOf(version, join(folder, 'bin/cometbft'));
    const found = await findEngine(env);
    expect(found).toMatchObject({ code: 'engine_version' });
    expect(found.ok || found.detail).toContain(`${file} is version ${version};`);
  },
);

test('the built one is taken where the PATH has another version', async () => {
  engineOf('0.34.0', join(folder, 'bin/cometbft'));
  const built = engineOf('0.38.26', cachedEngine(env));
  expect(await findEngine(env)).toEqual({ ok: true, value: built });
});

test('one that is named is never passed over', async () => {
  engineOf('0.38.26', join(folder, 'bin/cometbft'));
  const named = join(folder, 'named');
  const withName = { ...env, TRUEGRAIN_COMETBFT: named };
  expect(await findEngine(withName)).toMatchObject({ code: 'engine_missing' });
  engineOf('0.37.0', named);
  expect(await findEngine(withName)).toMatchObject({ code: 'engine_version' });
  program(named, 'exit 3');
  expect(await findEngine(withName)).toMatchObject({ code: 'engine_version' });
  engineOf('0.38.26', named);
  expect(await findEngine(withName)).toEqual({ ok: true, value: named });
});

/** Stands for the Go toolchain: `install` leaves an engine in GOBIN, `version -m` tells its sum. */
function fakeGo({ version = '0.38.26', sum = SUM, install = '' } = {}): void {
  const made = String.raw`printf '#!/bin/sh\necho ${version}\n' > "$GOBIN/cometbft"`;
  program(
    join(folder, 'bin/go'),
    `if [ "$1" = install ]; then
  echo "go: cgo $CGO_ENABLED, $5" >&2
  ${install}
  ${made}
  /bin/chmod 755 "$GOBIN/cometbft"
else
  printf '\\tmod\\tgithub.com/cometbft/cometbft\\tv0.38.26\\t${sum}\\n'
fi`,
  );
}

async function build() {
  const progress: string[] = [];
  const built = await buildEngine({ env, onProgress: (line) => progress.push(line) });
  return { built, progress };
}

const cached = () =>
  existsSync(dirname(cachedEngine(env))) ? readdirSync(dirname(cachedEngine(env))) : [];

test('built: it stands in the cache, found from then on', async () => {
  fakeGo();
  const { built, progress } = await build();
  expect(built).toEqual({ ok: true, value: cachedEngine(env) });
  expect(progress).toContain('go: cgo 0, github.com/cometbft/cometbft/cmd/cometbft@v0.38.26');
  expect(cached()).toEqual(['cometbft-0.38.26']);
  expect(await findEngine(env)).toEqual({ ok: true, value: cachedEngine(env) });
});

test('no Go: says what is missing', async () => {
  const { built } = await build();
  expect(built).toMatchObject({
    code: 'go_missing',
    detail: expect.stringContaining('Go is need'),
  });
  expect(cached()).toEqual([]);
});

test.each([
  ['no network', { install: 'echo "dial tcp: lookup: no such host" >&2; exit 1' }, 'build_failed'],
  ['another version came out', { version: '0.38.27' }, 'build_failed'],
  ['the source was another', { sum: 'h1:AAAA=' }, 'wrong_sum'],
])('%s: nothing is left behind', async (_, fake, code) => {
  fakeGo(fake);
  const { built } = await build();
  expect(built).toMatchObject({ ok: false, code });
  if ('install' in fake) expect(built.ok || built.detail).toContain('no such host');
  expect(cached()).toEqual([]);
});
